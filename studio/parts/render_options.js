// How a video is to be made. What is not chosen is as the installation has it.
import { ask } from "../core/api.js";
import { MUSIC } from "../core/documents.js";
import { duration } from "../core/format.js";
import { OPTIONS } from "../core/rendering.js";
import { number } from "../core/router.js";
import { amend } from "../core/store.js";
import { html, useState } from "../core/ui.js";
import { m } from "../messages.js";

/** @param {{script: import("../core/types").Script, choices: Record<string, string>, onChange: (choices: Record<string, string>) => void}} props */
export function RenderOptions({ script, choices, onChange }) {
  const music = script.music ?? [];
  const [fault, setFault] = useState("");
  /** @param {string} name @param {string} value */
  const choose = (name, value) => {
    const { [name]: _, ...rest } = choices;
    onChange(value ? { ...rest, [name]: value } : rest);
  };
  /** @param {File | undefined} file */
  const send = async (file) => {
    if (!file) return;
    const form = new FormData();
    form.append("music", file);
    const answer = await fetch(`/api/scripts/${number(script.id)}/music`, { method: "POST", body: form }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (!answer?.ok) return setFault(body?.detail ?? m.unreachable);
    setFault("");
    const { music: known } = (await ask(MUSIC, { id: script.id })).script;
    amend(script.id, { music: known });
    choose("musicId", known.at(-1).id);
  };
  return html`
    <details class="options"><summary>${m.optionsTitle}</summary><fieldset class="render-options"><legend class="unseen">${m.optionsTitle}</legend>
      ${OPTIONS.map(({ name, values }) => html`
        <label key=${name} class="field is-line"><span>${m.options[name]}</span>
          <select value=${choices[name] ?? ""} onChange=${(/** @type {any} */ event) => choose(name, event.target.value)}>
            <option value="">${m.asUsual}</option>
            ${values.map((value) => html`<option key=${value} value=${value}>${m.optionValues[`${name}.${value}`]}</option>`)}
          </select></label>
      `)}
      <label class="field is-line"><span>${m.options.music}</span>
        <select value=${choices.musicId ?? ""} onChange=${(/** @type {any} */ event) => choose("musicId", event.target.value)}>
          <option value="">${m.noMusic}</option>
          ${music.map((one) => html`<option key=${one.id} value=${one.id}>${one.title} (${duration(one.durationSeconds)})</option>`)}
        </select></label>
      <label class="button is-small file-button"><span>${m.addMusic}</span><input type="file" class="unseen" accept="audio/*" onChange=${(/** @type {any} */ event) => { void send(event.target.files[0]); event.target.value = ""; }} /></label>
      ${fault && html`<p class="fault" role="alert">${fault}</p>`}
    </fieldset></details>
  `;
}
