// Images that are selected to be decided about together, and why some of those before were not.
import { batch, signal } from "./ui.js";

export const selected = signal(/** @type {Set<string>} */ (new Set()));
/** What the API said about those that it declined, by id. */
export const refusals = signal(/** @type {Map<string, string>} */ (new Map()));
/** Where a range begins. @type {string | null} */
let anchor = null;

/** @param {string[]} ids @param {boolean} [on] */
export function select(ids, on = true) {
  const next = new Set(selected.peek());
  for (const id of ids) on ? next.add(id) : next.delete(id);
  selected.value = next;
}

/**
 * Selects these, or none of them if all are selected; with `toAnchor` everything from where it was last done to here.
 * @param {string[]} ids @param {string[]} order all that can be selected @param {boolean} toAnchor
 */
export function pick(ids, order, toAnchor) {
  if (!ids.length) return;
  const on = !ids.every((id) => selected.peek().has(id));
  const from = toAnchor && anchor ? order.indexOf(anchor) : -1;
  const places = [from, ...ids.map((id) => order.indexOf(id))].filter((place) => place >= 0);
  select(from < 0 ? ids : order.slice(Math.min(...places), Math.max(...places) + 1), on);
  anchor = ids[0];
}

/** They are decided about, or not to be any more. @param {string[]} ids */
export function unselect(ids) {
  batch(() => {
    select(ids, false);
    refusals.value = new Map([...refusals.peek()].filter(([id]) => !ids.includes(id)));
  });
}

/** They stay selected, each with its reason. @param {Map<string, string>} reasons */
export function refuse(reasons) {
  batch(() => {
    select([...reasons.keys()]);
    refusals.value = new Map([...refusals.peek(), ...reasons]);
  });
}
