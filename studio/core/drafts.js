// Words that are typed and not saved yet. They are kept with every keystroke, and come back after a reload or a crash.
import { signal } from "./ui.js";
import { read, write } from "./storage.js";

/** @typedef {import("./types").Draft} Draft */

/** @type {Map<string, import("../vendor/signals.js").Signal<Draft | null>>} */
const drafts = new Map();

/** @param {string} key */
function slot(key) {
  let found = drafts.get(key);
  if (!found) {
    found = signal(parsed(read("local", `draft:${key}`)));
    drafts.set(key, found);
  }
  return found;
}

/** @param {string | null} text @returns {Draft | null} */
function parsed(text) {
  try {
    const found = text === null ? null : JSON.parse(text);
    return found && typeof found.text === "string" ? found : null;
  } catch {
    return null;
  }
}

/** @param {string} key */
export function draft(key) {
  return slot(key).value;
}

/** @param {string} key */
export function peekDraft(key) {
  return slot(key).peek();
}

/**
 * `base` is the text that was there when the typing began, of that `version`.
 * @param {string} key @param {string} text @param {string} base @param {number} version
 */
export function keepDraft(key, text, base, version) {
  const before = slot(key).peek();
  const found = { text, base: before?.base ?? base, version: before?.version ?? version, at: Date.now() };
  slot(key).value = found;
  write("local", `draft:${key}`, JSON.stringify(found));
}

/** @param {string} key */
export function dropDraft(key) {
  slot(key).value = null;
  write("local", `draft:${key}`, null);
}

/** The same words on top of what is there now. @param {string} key @param {string} base @param {number} version */
export function rebaseDraft(key, base, version) {
  const found = slot(key).peek();
  if (!found) return;
  slot(key).value = { ...found, base, version };
  write("local", `draft:${key}`, JSON.stringify(slot(key).peek()));
}

// Another tab types into the same draft: the last keystroke wins in both.
addEventListener("storage", (event) => {
  const key = event.key?.startsWith("reelgate:draft:") ? event.key.slice("reelgate:draft:".length) : null;
  if (key) slot(key).value = parsed(event.newValue);
});
