// Why an image is rejected: one line, sent with Enter. It steers the next image.
import { draft, dropDraft, keepDraft } from "../core/drafts.js";
import { rejectImage } from "../core/decisions.js";
import { html, useLayoutEffect, useRef } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";

/** @param {{image: import("../core/types").Picture, onDone: (isSent: boolean) => void}} props */
export function RejectForm({ image, onDone }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const key = `why:${image.id}`;
  const reason = draft(key)?.text ?? "";
  useLayoutEffect(() => field.current?.focus(), [image.id]);
  const send = () => {
    rejectImage(image, reason);
    dropDraft(key);
    onDone(true);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) send();
    else if (event.key === "Escape") onDone(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`
    <form class="reject-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); send(); }}>
      <label class="field"><span>${m.whyLabel}</span>
        <textarea ref=${field} dir="auto" rows="2" maxlength="2000" value=${reason} placeholder=${m.whyHint} onKeyDown=${onKeyDown}
          onInput=${(/** @type {any} */ event) => (event.target.value ? keepDraft(key, event.target.value, "", image.version) : dropDraft(key))}></textarea></label>
      <div class="actions">
        <button type="submit" class="button is-reject"><span>${m.rejectAndRetry}</span><kbd aria-hidden="true">↵</kbd></button>
        <${Button} label=${m.cancel} keys="Esc" onClick=${() => onDone(false)} />
      </div>
    </form>
  `;
}
