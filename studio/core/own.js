// What was done in this browser, as far as that is certain: the API has one name for all reviewers.
import { read, write } from "./storage.js";
import { signal } from "./ui.js";

const KEPT = "own";
const MOST = 1_000;

const own = signal(kept());

/** @returns {Set<string>} */
function kept() {
  try {
    return new Set(JSON.parse(read("local", KEPT) ?? "[]"));
  } catch {
    return new Set();
  }
}

/** Who did it, `self` for this browser. @param {string} actor @param {string} id what was done something to @param {string} at when */
export function who(actor, id, at) {
  return actor === "local" && own.value.has(`${id} ${at}`) ? "self" : actor;
}

/**
 * Takes note of what a command has done: where it was bound to a version, the next one is its work and nobody else's; so
 * is a new script. What was declined may have been done by someone else.
 * @param {any} input @param {any} payload
 */
export function remember(input, payload) {
  const bound = [input, ...(input.scenes ?? []), ...(input.decisions ?? []).map((/** @type {any} */ one) => one.approve ?? one.reject)];
  const versions = new Map(bound.filter((one) => one.expectedVersion).map((one) => [one.id, one.expectedVersion + 1]));
  const done = [payload, ...(payload.results ?? [])].filter((one) => !one.userErrors.length).flatMap((one) => Object.values(one));
  if (!input.id && payload.script) versions.set(payload.script.id, 1);
  const ours = done.filter((one) => one?.id && versions.get(one.id) === one.version).map((one) => `${one.id} ${one.updatedAt}`);
  if (!ours.length) return;
  own.value = new Set([...kept(), ...ours].slice(-MOST));
  write("local", KEPT, JSON.stringify([...own.peek()]));
}

addEventListener("storage", (event) => {
  if (event.key === `reelgate:${KEPT}`) own.value = kept();
});
