import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Link } from "../parts/controls.js";
import { Empty } from "../parts/states.js";
import { useTitle } from "../parts/title.js";

/** @param {{what?: string}} props */
export function MissingPage({ what = m.missingPage }) {
  useTitle(m.missingTitle);
  return html`<div class="page"><h1 class="unseen">${m.missingTitle}</h1><${Empty} title=${what}><p>${m.missingHint}</p><${Link} to="/" class="button is-main">${m.toScripts}<//><//></div>`;
}
