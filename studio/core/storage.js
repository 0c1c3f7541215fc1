// The browser's storage, which may be full, forbidden or absent: then what is kept lasts as long as the page.

/** @type {Map<string, string>} */
const fallback = new Map();
const PREFIX = "reelgate:";

/** @param {"local" | "session"} where @param {string} key @returns {string | null} */
export function read(where, key) {
  try {
    return area(where).getItem(PREFIX + key) ?? fallback.get(where + key) ?? null;
  } catch {
    return fallback.get(where + key) ?? null;
  }
}

/** Null removes it. @param {"local" | "session"} where @param {string} key @param {string | null} value */
export function write(where, key, value) {
  if (value === null) fallback.delete(where + key);
  try {
    if (value === null) area(where).removeItem(PREFIX + key);
    else area(where).setItem(PREFIX + key, value);
  } catch {
    if (value !== null) fallback.set(where + key, value);
  }
}

/** The keys that begin so, without that beginning. @param {"local" | "session"} where @param {string} beginning @returns {string[]} */
export function keysAfter(where, beginning) {
  try {
    return Object.keys(area(where)).filter((key) => key.startsWith(PREFIX + beginning)).map((key) => key.slice(PREFIX.length + beginning.length));
  } catch {
    return [];
  }
}

/** @param {"local" | "session"} where */
function area(where) {
  return where === "local" ? localStorage : sessionStorage;
}
