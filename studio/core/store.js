// Every thing once, by its id. What comes from the server wins by `version`, whichever way and order it comes in; what a
// person has just decided lies over it as a patch until the server has answered.
import { batch, signal } from "./ui.js";

/** `told`: when what is known of it was told, or asked for. @typedef {{base: any, told: number, patches: object[], view: import("../vendor/signals.js").Signal<any>}} Entry */

/** @type {Map<string, Entry>} */
const entries = new Map();
/** Counts what is told and what is asked for, in that order. */
let moment = 0;

/** @param {string} id @returns {Entry} */
function entry(id) {
  let found = entries.get(id);
  if (!found) {
    found = { base: null, told: 0, patches: [], view: signal(null) };
    entries.set(id, found);
  }
  return found;
}

/** The thing as it is to be shown, null while nothing is known of it. Reading it subscribes. @param {string | null | undefined} id @returns {any} */
export function thing(id) {
  return id ? entry(id).view.value : null;
}

/** The same without subscribing. @param {string | null | undefined} id @returns {any} */
export function peek(id) {
  return id ? entry(id).view.peek() : null;
}

/** As the server last had it. @param {string} id @returns {any} */
export function stored(id) {
  return entry(id).base;
}

/** The moment before something is asked for. */
export function asking() {
  return (moment += 1);
}

/**
 * Takes in what was told, and returns it with ids in the place of things. With `asked` it is the answer to a question of
 * that moment: what was told later of the same version of a thing, such as its chosen image, stays.
 * @param {any} answer
 * @param {number} [asked]
 * @returns {any}
 */
export function put(answer, asked) {
  const since = asked ?? asking();
  return batch(() => taken(answer, since));
}

/** @param {any} value @param {number} since @returns {any} */
function taken(value, since) {
  if (Array.isArray(value)) return value.map((part) => taken(part, since));
  if (value === null || typeof value !== "object") return value;
  /** @type {Record<string, any>} */
  const flat = {};
  for (const [name, part] of Object.entries(value)) flat[name] = taken(part, since);
  if (!flat.__typename || !flat.id) return flat;
  if (Object.keys(flat).length > 2) merge(flat.id, flat, since);
  return flat.id;
}

/** @param {string} id @param {any} next @param {number} since */
function merge(id, next, since) {
  const found = entry(id);
  if (found.base && next.version < found.base.version) return;
  const images = joined(found.base?.images, next.images);
  const isOlder = found.base && next.version === found.base.version && since < found.told;
  found.base = { ...(isOlder ? { ...next, ...found.base } : { ...found.base, ...next }), ...(images ? { images } : {}) };
  found.told = Math.max(found.told, since);
  show(found);
}

/**
 * A scene's images only ever become more, and an answer can be older than the news that came while it was on its way.
 * @param {string[] | undefined} known @param {string[] | undefined} told
 */
function joined(known, told) {
  if (!known || !told) return told ?? known;
  return [...told, ...known.filter((id) => !told.includes(id))];
}

/** @param {Entry} found */
function show(found) {
  found.view.value = found.base && found.patches.length ? Object.assign({}, found.base, ...found.patches) : found.base;
}

/**
 * Shows a thing otherwise than the server has it. Returns what takes that back.
 * @param {string} id
 * @param {object} fields
 */
export function patch(id, fields) {
  const found = entry(id);
  found.patches = [...found.patches, fields];
  show(found);
  return () => {
    found.patches = found.patches.filter((one) => one !== fields);
    show(found);
  };
}

/** Changes what is known of a thing where no answer carries it, such as a list that has grown. @param {string} id @param {object} fields */
export function amend(id, fields) {
  const found = entry(id);
  if (!found.base) return;
  found.base = { ...found.base, ...fields };
  show(found);
}
