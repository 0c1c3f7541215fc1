// Every thing once, by its id. What comes from the server wins by `version`, whichever way and order it comes in; what a
// person has just decided lies over it as a patch until the server has answered.
import { batch, signal } from "./ui.js";

/** @typedef {{base: any, patches: object[], view: import("../vendor/signals.js").Signal<any>}} Entry */

/** @type {Map<string, Entry>} */
const entries = new Map();

/** @param {string} id @returns {Entry} */
function entry(id) {
  let found = entries.get(id);
  if (!found) {
    found = { base: null, patches: [], view: signal(null) };
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

/**
 * Takes an answer in and returns it with ids in the place of things.
 * @param {any} answer
 * @returns {any}
 */
export function put(answer) {
  return batch(() => taken(answer));
}

/** @param {any} value @returns {any} */
function taken(value) {
  if (Array.isArray(value)) return value.map(taken);
  if (value === null || typeof value !== "object") return value;
  /** @type {Record<string, any>} */
  const flat = {};
  for (const [name, part] of Object.entries(value)) flat[name] = taken(part);
  if (!flat.__typename || !flat.id) return flat;
  if (Object.keys(flat).length > 2) merge(flat.id, flat);
  return flat.id;
}

/** @param {string} id @param {any} next */
function merge(id, next) {
  const found = entry(id);
  if (found.base && next.version < found.base.version) return;
  const images = joined(found.base?.images, next.images);
  found.base = { ...found.base, ...next, ...(images ? { images } : {}) };
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
