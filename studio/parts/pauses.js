// Under the head of every view, while a provider is paused: which, why, when it is tried again, and a way to do that now.
import { paused, tryNow } from "../core/providers.js";
import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";
import { Icon } from "./icons.js";
import { Until } from "./job_state.js";

export function Pauses() {
  return html`
    <div role="status">
      ${paused.value.map((provider) => provider.pause && html`
        <div class="pause" key=${provider.role}>
          <${Icon} name="pause" />
          <p><strong>${m.providerPaused(m.roles[provider.role] ?? provider.role)}</strong> ${provider.pause.message} <span class="is-wide-only">${m.jobsWait}</span></p>
          <span class="meta" aria-live="off"><${Until} moment=${provider.pause.retryAt} /></span>
          <${Button} label=${m.retryNow} kind="is-small" onClick=${() => void tryNow(provider)} />
        </div>
      `)}
    </div>
  `;
}
