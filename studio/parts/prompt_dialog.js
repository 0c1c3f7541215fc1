// Another candidate for a scene, from one's own prompt or a written one.
import { ask } from "../core/api.js";
import { anotherImage } from "../core/decisions.js";
import { SCENE_WHOLE } from "../core/documents.js";
import { draft, dropDraft, keepDraft } from "../core/drafts.js";
import { put, thing } from "../core/store.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";
import { Dialog } from "./dialog.js";

/** @param {{sceneId: string, place: number, prompt: string, onClose: () => void}} props */
export function PromptDialog({ sceneId, place, onClose }) {
  const prompt = thing(thing(sceneId)?.images?.at(-1))?.prompt ?? "";
  const key = `prompt:${sceneId}`;
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  const text = draft(key)?.text ?? prompt;
  useLayoutEffect(() => field.current?.focus(), []);
  useEffect(() => {
    ask(SCENE_WHOLE, { id: sceneId }).then(put, () => {});  // without it the field is empty, and as good
  }, []);
  /** @param {string} wanted */
  const send = async (wanted) => {
    setBusy(true);
    const isDone = await anotherImage(sceneId, wanted);
    setBusy(false);
    if (!isDone) return;
    dropDraft(key);
    onClose();
  };
  return html`
    <${Dialog} title=${m.promptTitle(place)} open onClose=${onClose}>
      <label class="field"><span>${m.promptLabel}</span>
        <textarea ref=${field} dir="auto" rows="7" maxlength="4000" value=${text} onInput=${(/** @type {any} */ event) => keepDraft(key, event.target.value, prompt, 0)}
          onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && void send(text)}></textarea></label>
      <div class="actions">
        <${Button} label=${m.promptSend} kind="is-main is-large" keys="Ctrl+Enter" disabled=${isBusy || !text.trim()} onClick=${() => void send(text)} />
        <${Button} label=${m.promptWritten} kind="is-large" disabled=${isBusy} onClick=${() => void send("")} />
      </div>
    <//>
  `;
}
