// A scene's words, editable where they stand. What is typed is kept at once and saved when one leaves the field.
import { draft, dropDraft } from "../core/drafts.js";
import { isContested, keepMine, plain, saveText, splitScene, typed } from "../core/scene_edits.js";
import { html, useRef } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";

/** @typedef {import("../core/types").Scene} Scene */

const unheard = { run: () => {}, when: () => false };
/** What the field hears by itself, for the list of keys. @type {import("../core/types").Binding[]} */
export const WORDS_KEYS = [
  { keys: ["Ctrl+Enter"], label: m.keySplit, ...unheard },
  { keys: ["Ctrl+S"], label: m.keySave, ...unheard },
  { keys: ["Escape"], label: m.keyLeave, ...unheard },
];

/** @param {{scene: Scene, place: number, onSplit?: (newId: string) => void}} props */
export function SceneText({ scene, place, onSplit }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const kept = draft(scene.id);
  const text = kept?.text ?? plain(scene.text);
  const contested = kept !== null && isContested(scene);
  const split = async () => {
    const made = await splitScene(scene.id, field.current?.selectionStart ?? 0);
    if (made) onSplit?.(made);
  };
  /** For buttons that go with what they have done. @param {() => void} act */
  const andReturn = (act) => () => {
    field.current?.focus();
    act();
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const control = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && control) void split();
    else if (event.key === "s" && control) void saveText(scene.id);
    else if (event.key === "Escape") /** @type {HTMLElement | null} */ (field.current?.closest("[data-scene]"))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** Keeps the caret where it is while a button is pressed. @param {Event} event */
  const stay = (event) => event.preventDefault();
  return html`
    <div class=${`scene-text ${kept ? "is-draft" : ""}`}>
      <textarea ref=${field} class="words" dir="auto" rows=${Math.min(14, Math.ceil(text.length / 64) + 1)} value=${text} spellcheck
        aria-label=${m.textOfScene(place)} onKeyDown=${onKeyDown} onInput=${(/** @type {any} */ event) => typed(scene, event.target.value)}
        onBlur=${() => void saveText(scene.id)}></textarea>
      ${contested && html`
        <div class="contest" role="alert">
          <p>${m.contested}</p><blockquote dir="auto">${scene.text}</blockquote>
          <${Button} label=${m.keepMine} kind="is-main" onMouseDown=${stay} onClick=${andReturn(() => keepMine(scene.id))} />
          <${Button} label=${m.useTheirs} onMouseDown=${stay} onClick=${andReturn(() => dropDraft(scene.id))} />
        </div>
      `}
      <div class="edit-tools">
        ${kept && !contested && html`
          <${Button} label=${m.save} keys="Ctrl+S" kind="is-small is-main" onMouseDown=${stay} onClick=${andReturn(() => void saveText(scene.id))} />
          <${Button} label=${m.discard} kind="is-small" onMouseDown=${stay} onClick=${andReturn(() => dropDraft(scene.id))} />
          <span class="unsaved">${m.unsaved}</span>
        `}
        <${Button} label=${m.splitHere} icon="split" keys="Ctrl+Enter" kind="is-small is-quiet" onMouseDown=${stay} onClick=${split} />
      </div>
    </div>
  `;
}
