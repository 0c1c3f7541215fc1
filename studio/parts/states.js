// What stands where there is nothing to show: not yet, nothing there, or something went wrong.
import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";

/** Grey shapes of what is to come. @param {{rows?: number, label?: string}} props */
export function Loading({ rows = 4, label = m.loading }) {
  return html`
    <div class="loading" role="status"><span class="unseen">${label}</span>
      ${Array.from({ length: rows }, (_, row) => html`<div class="shape" key=${row}></div>`)}
    </div>
  `;
}

/** @param {{title: string, children?: any}} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><div class="empty-frame" aria-hidden="true"></div><h2>${title}</h2>${children}</div>`;
}

/** @param {{why: string, onRetry?: () => void}} props */
export function Failure({ why, onRetry }) {
  return html`
    <div class="empty is-bad" role="alert"><h2>${m.failureTitle}</h2><p>${why}</p>
      ${onRetry && html`<${Button} label=${m.tryAgain} kind="is-main" onClick=${onRetry} />`}
    </div>
  `;
}
