// The row at the foot of the window in which the page speaks. It is a row of the layout: nothing lies beneath it.
import { dismiss, notices, whispered } from "../core/notices.js";
import { html, useEffect, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";

export function NoticeBar() {
  return html`
    <div class="notice-row">
      <div class="unseen" role="status" aria-live="polite">${whispered.value}</div>
      <${Notice} />
    </div>
  `;
}

/** The newest one. A window over the page has it at its own foot, too. */
export function Notice() {
  const notice = notices.value.at(-1);
  return html`
    <div role="status" aria-live="polite" aria-atomic="true" class=${notice ? `notice is-${notice.tone}` : ""}>
      ${notice && html`
        <p>${notice.text}</p>
        ${notice.action && notice.until && html`<${Countdown} until=${notice.until} key=${notice.id} />`}
        ${notice.action && html`<${Button} label=${notice.action.label} kind="is-notice" keys=${notice.action.label === m.undo ? "U" : undefined}
          onClick=${() => { leave(notice.id); notice.action?.run(); }} />`}
        <${Button} icon="close" label=${m.dismiss} iconOnly kind="is-notice" onClick=${() => leave(notice.id)} />
      `}
    </div>
  `;
}

/** The button goes, so the focus goes back to the view, or into the window over it. @param {number} id */
function leave(id) {
  dismiss(id);
  const within = document.querySelector("dialog[open] .dialog-body :is(textarea, button)");
  /** @type {HTMLElement | null} */ (within ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

/** Seconds in which it can still be undone. @param {{until: number}} props */
function Countdown({ until }) {
  const [left, setLeft] = useState(Math.ceil((until - Date.now()) / 1_000));
  useEffect(() => {
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1_000))), 250);
    return () => clearInterval(timer);
  }, [until]);
  return html`<span class="countdown" aria-hidden="true">${left}</span>`;
}
