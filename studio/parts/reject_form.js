// Why images are rejected: one line, sent with Enter. It steers the next ones.
import { draft, dropDraft, keepDraft } from "../core/drafts.js";
import { html, useLayoutEffect, useRef } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";

/** @param {{draftKey: string, label?: string, send: (reason: string) => void, onDone: (isSent: boolean) => void}} props */
export function RejectForm({ draftKey, label = m.rejectAndRetry, send, onDone }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const reason = draft(draftKey)?.text ?? "";
  useLayoutEffect(() => field.current?.focus(), [draftKey]);
  const finish = () => {
    send(reason);
    dropDraft(draftKey);
    onDone(true);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) finish();
    else if (event.key === "Escape") onDone(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`
    <form class="reject-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); finish(); }}>
      <label class="field"><span>${m.whyLabel}</span>
        <textarea ref=${field} dir="auto" rows="2" maxlength="2000" value=${reason} placeholder=${m.whyHint} onKeyDown=${onKeyDown}
          onInput=${(/** @type {any} */ event) => (event.target.value ? keepDraft(draftKey, event.target.value, "", 0) : dropDraft(draftKey))}></textarea></label>
      <div class="actions">
        <button type="submit" class="button is-reject"><span>${label}</span><kbd aria-hidden="true">↵</kbd></button>
        <${Button} label=${m.cancel} keys="Esc" onClick=${() => onDone(false)} />
      </div>
    </form>
  `;
}
