// The list of keys, as the views that are open have them.
import { keyLabel, layers, lettersOn, turnLetters } from "../core/keys.js";
import { html, signal } from "../core/ui.js";
import { m } from "../messages.js";
import { Dialog } from "./dialog.js";

const isOpen = signal(false);

export function toggleHelp() {
  isOpen.value = !isOpen.peek();
}

export function Help() {
  if (!isOpen.value) return null;
  const shown = layers.value.filter((layer) => layer.bindings().length > 0).reverse();
  return html`
    <${Dialog} title=${m.keyHelp} open onClose=${() => (isOpen.value = false)} kind="help">
      <div class="help-layers">
        ${shown.map((layer) => html`
          <section key=${layer.title}><h3>${layer.title}</h3><dl>
            ${layer.bindings().map(({ keys, label }) => html`
              <div key=${label}><dt>${keys.map((key, at) => html`${at > 0 ? " " : ""}<kbd>${keyLabel(key)}</kbd>`)}</dt><dd>${label}</dd></div>
            `)}
          </dl></section>
        `)}
      </div>
      <label class="check"><input type="checkbox" checked=${lettersOn.value} onChange=${(/** @type {any} */ event) => turnLetters(event.target.checked)} /> ${m.lettersOn}</label>
    <//>
  `;
}
