// What single scenes have otherwise than the rest of the video: all of them in a table, or one of them.
import { SCENE_OPTIONS, chosenFor, choicesOf, keepChoices } from "../core/rendering.js";
import { peek, thing } from "../core/store.js";
import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";
import { Dialog } from "./dialog.js";
import { OptionField } from "./option_field.js";
import { source } from "./picture.js";
import { useProgressive } from "./progressive.js";

/** @typedef {import("../core/rendering.js").Choices} Choices */
/** @typedef {import("../core/rendering.js").Look} Look */
/** @typedef {import("../core/types").Script} Script */

/** @param {string} script @param {string} scene @param {string} name @param {string} value */
function choose(script, scene, name, value) {
  keepChoices(script, chosenFor(choicesOf(peek(script)), scene, name, value));
}

/** Nothing leads into the first scene. @param {number} place */
const optionsAt = (place) => (place === 1 ? SCENE_OPTIONS.filter(({ name }) => name !== "transition") : SCENE_OPTIONS);

/** What is said of a scene that is shown otherwise. @param {Look | undefined} look */
export function lookWords(look) {
  const words = SCENE_OPTIONS.map(({ name }) => {
    const value = look?.[/** @type {keyof Look} */ (name)];
    return value && (name === "seconds" ? m.seconds(value) : m.optionValues[`${name}.${value}`]);
  }).filter(Boolean);
  return words.length ? m.sceneInVideoNow(/** @type {string[]} */ (words)) : "";
}

/** @param {{script: Script, choices: Choices, onClose: () => void}} props */
export function SceneOptions({ script, choices, onClose }) {
  const ids = script.scenes ?? [];
  const shown = useProgressive(ids.length);
  const differ = ids.some((id) => choices.scenes[id]);
  return html`
    <${Dialog} title=${m.sceneOptionsTitle} open onClose=${onClose} kind="is-broad">
      <p class="hint">${m.sceneOptionsHint}</p>
      <div class="looks-head" aria-hidden="true">${SCENE_OPTIONS.map(({ name }) => html`<span key=${name}>${m.ofScene[name]}</span>`)}</div>
      <ol class="looks">${ids.slice(0, shown).map((id, at) => html`<${LookRow} key=${id} id=${id} place=${at + 1} script=${script.id} look=${choices.scenes[id]} />`)}</ol>
      <div class="actions">
        <${Button} label=${m.done} kind="is-main" onClick=${onClose} />
        ${differ && html`<${Button} label=${m.allAsTheRest} onClick=${() => keepChoices(script.id, { ...choices, scenes: {} })} />`}
      </div>
    <//>
  `;
}

/** @param {{id: string, place: number, script: string, look: Look | undefined}} props */
function LookRow({ id, place, script, look }) {
  const scene = thing(id);
  const image = thing(scene?.chosenImage);
  if (!scene) return null;
  return html`
    <li class=${look ? "is-other" : ""}>
      <span class="place" aria-hidden="true">${place}</span>
      ${image ? html`<img src=${source(image, 96)} alt="" loading="lazy" width="96" height="54" />` : html`<span class="no-picture"></span>`}
      <p class="excerpt">${scene.title ? html`<strong>${scene.title}</strong> ` : ""}${scene.text}</p>
      ${optionsAt(place).map((option) => html`
        <label key=${option.name}><span aria-hidden="true">${m.ofScene[option.name]}</span>
          <${OptionField} option=${option} value=${look?.[/** @type {keyof Look} */ (option.name)]} usual=${m.asTheRest} label=${m.sceneOption(m.ofScene[option.name], place)}
            onChoose=${(/** @type {string} */ value) => choose(script, id, option.name, value)} /></label>
      `)}
    </li>
  `;
}

/** @param {{scriptId: string, id: string, place: number, look: Look | undefined, onClose: () => void}} props */
export function SceneLook({ scriptId, id, place, look, onClose }) {
  return html`
    <${Dialog} title=${m.sceneInVideoTitle(place)} open onClose=${onClose}>
      <div class="render-options">
        ${optionsAt(place).map((option) => html`
          <label key=${option.name} class="field is-line"><span>${m.ofScene[option.name]}</span>
            <${OptionField} option=${option} value=${look?.[/** @type {keyof Look} */ (option.name)]} usual=${m.asTheRest} onChoose=${(/** @type {string} */ value) => choose(scriptId, id, option.name, value)} /></label>
        `)}
      </div>
      <p class="hint">${m.sceneOptionsHint}</p>
      <div class="actions"><${Button} label=${m.done} kind="is-main" onClick=${onClose} /></div>
    <//>
  `;
}
