// How a video is to be made. What is not chosen is as the installation has it.
import { ask } from "../core/api.js";
import { MUSIC } from "../core/documents.js";
import { duration } from "../core/format.js";
import { GROUPS, chosen, forgetChoices, isChosen, keepChoices } from "../core/rendering.js";
import { number } from "../core/router.js";
import { amend, thing } from "../core/store.js";
import { html, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";
import { OptionField } from "./option_field.js";
import { SceneOptions } from "./scene_options.js";

/** @typedef {import("../core/rendering.js").Choices} Choices */

/** @param {{script: import("../core/types").Script, choices: Choices, hasVoice: boolean}} props */
export function RenderOptions({ script, choices, hasVoice }) {
  const [asks, setAsks] = useState(false);
  const { values } = choices;
  const versions = thing(script.videos?.[0])?.render ? script.videos?.length ?? 0 : 0;
  const isNew = isChosen(script);
  const differing = (script.scenes ?? []).filter((id) => choices.scenes[id]).length;
  const choose = (/** @type {string} */ name) => (/** @type {string} */ value) => keepChoices(script.id, chosen(choices, name, value));
  const isShown = (/** @type {string} */ name) =>
    name === "voice" ? values.narration !== "OFF" : name === "transitionSeconds" ? values.transition !== "CUT" : true;
  return html`
    <details class="options"><summary>${m.optionsTitle} <small>${isNew ? m.optionsChanged : versions ? m.optionsOf(versions) : m.optionsUsual}</small></summary>
      <div class="render-options">
        ${GROUPS.map((group) => html`
          <fieldset key=${group.name}><legend>${m.optionGroups[group.name]}</legend>
            ${group.options.filter((one) => isShown(one.name)).map((option) => html`
              <label key=${option.name} class="field is-line"><span>${m.options[option.name]}</span>
                <${OptionField} option=${option} value=${values[option.name]} usual=${m.asUsual} hint=${option.name === "voice" ? m.voiceHint : undefined} onChoose=${choose(option.name)} /></label>
            `)}
            ${group.name === "words" && !hasVoice && values.narration === "ON" && html`<p class="fault" role="status">${m.noVoice}</p>`}
            ${group.name === "words" && html`<${MusicField} script=${script} value=${values.musicId ?? ""} onChoose=${choose("musicId")} />`}
            ${group.name === "pace" && (script.scenes?.length ?? 0) > 0 && html`
              <div class="field is-line"><span>${m.sceneOptions}</span>
                <${Button} label=${m.sceneOptionsCount(differing) || m.asTheRest} kind="is-small" aria-label=${`${m.sceneOptions}: ${m.sceneOptionsCount(differing) || m.asTheRest}`} aria-haspopup="dialog" onClick=${() => setAsks(true)} /></div>`}
          </fieldset>
        `)}
        <div class="actions">
          ${isNew && html`<${Button} label=${versions ? m.optionsBack(versions) : m.optionsReset} kind="is-small" onClick=${() => forgetChoices(script.id)} />`}
          ${versions > 0 && html`<${Button} label=${m.optionsReset} kind="is-small" onClick=${() => keepChoices(script.id, { values: {}, scenes: {} })} />`}
        </div>
      </div>
    </details>
    ${asks && html`<${SceneOptions} script=${script} choices=${choices} onClose=${() => setAsks(false)} />`}
  `;
}

/** The script's music, and a way to add some. @param {{script: import("../core/types").Script, value: string, onChoose: (id: string) => void}} props */
function MusicField({ script, value, onChoose }) {
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const music = script.music ?? [];
  const playing = music.find((one) => one.id === value);
  /** @param {File | undefined} file */
  const send = async (file) => {
    if (!file) return;
    const form = new FormData();
    form.append("music", file);
    setBusy(true);
    const answer = await fetch(`/api/scripts/${number(script.id)}/music`, { method: "POST", body: form }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    setBusy(false);
    if (!answer?.ok) return setFault(body?.detail ?? m.unreachable);
    setFault("");
    amend(script.id, { music: (await ask(MUSIC, { id: script.id })).script.music });
    onChoose(`music_${body.id}`);
  };
  return html`
    <label class="field is-line"><span>${m.options.music}</span>
      <select value=${value} onChange=${(/** @type {any} */ event) => onChoose(event.target.value)}>
        <option value="">${m.noMusic}</option>
        ${music.map((one) => html`<option key=${one.id} value=${one.id}>${one.title} (${duration(one.durationSeconds)})</option>`)}
      </select></label>
    ${playing && html`<audio key=${value} controls preload="none" src=${playing.url} aria-label=${m.listenTo(playing.title)}></audio>`}
    <label class="button is-small file-button" aria-busy=${isBusy}><span>${isBusy ? m.saving : m.addMusic}</span>
      <input type="file" class="unseen" accept="audio/*" disabled=${isBusy} onChange=${(/** @type {any} */ event) => { void send(event.target.files[0]); event.target.value = ""; }} /></label>
    ${fault && html`<p class="fault" role="alert">${fault}</p>`}
  `;
}
