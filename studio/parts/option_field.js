// One thing about a video that can be chosen, or left as it is elsewhere.
import { html } from "../core/ui.js";
import { m } from "../messages.js";

/**
 * `usual` is what it says while nothing is chosen.
 * @param {{option: import("../core/rendering.js").Option, value: string | undefined, usual: string, onChoose: (value: string) => void, label?: string, hint?: string}} props
 */
export function OptionField({ option: { name, values, least, most }, value = "", usual, onChoose, label, hint }) {
  const hears = (/** @type {any} */ event) => onChoose(event.target.value);
  if (values) {
    const all = value && !values.includes(value) ? [...values, value] : values;
    return html`<select value=${value} aria-label=${label} onChange=${hears}>
      <option value="">${usual}</option>
      ${all.map((one) => html`<option key=${one} value=${one}>${m.optionValues[`${name}.${one}`] ?? one}</option>`)}
    </select>`;
  }
  if (least === undefined) return html`<input type="text" maxlength="200" value=${value} placeholder=${usual} title=${hint} aria-label=${label} autocomplete="off" onInput=${hears} />`;
  return html`<input type="number" min=${least} max=${most} step="any" value=${value} placeholder=${usual} aria-label=${label} onInput=${(/** @type {any} */ event) => event.target.validity.badInput || hears(event)} />`;
}
