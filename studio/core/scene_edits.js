// Editing scenes: their words, where they are cut, their order. Words that are typed live in a draft until they are saved.
import { m } from "../messages.js";
import { Declined, mutate } from "./api.js";
import { command, explain } from "./commands.js";
import { MUTATIONS } from "./documents.js";
import { dropDraft, keepDraft, peekDraft, rebaseDraft } from "./drafts.js";
import { say } from "./notices.js";
import { amend, patch, peek, put } from "./store.js";
import { inTurn } from "./turns.js";

/** @typedef {import("./types").Scene} Scene */

/** As a text field has it, which knows one kind of line end. @param {string} text */
export const plain = (text) => text.replace(/\r\n?/g, "\n");

/** @param {Scene} scene @param {string} text */
export function typed(scene, text) {
  if (text === plain(scene.text)) dropDraft(scene.id);
  else keepDraft(scene.id, text, plain(scene.text), scene.version);
}

/** The words that are on their way, by scene: news of them can come before the answer. @type {Map<string, string>} */
const sending = new Map();

/** Whether someone else has changed the words since the typing began. @param {Scene} scene */
export function isContested(scene) {
  const draft = peekDraft(scene.id);
  const now = plain(scene.text);
  return draft !== null && now !== draft.base && now !== sending.get(scene.id);
}

/** Returns whether nothing is left to be saved. @param {string} id */
export function saveText(id) {
  return inTurn(id, () => sendText(id));
}

/** @param {string} id @returns {Promise<boolean>} */
async function sendText(id) {
  const draft = peekDraft(id);
  const scene = peek(id);
  if (!draft || !scene) return true;
  if (isContested(scene)) return false;
  if (!draft.text.trim()) {
    say(m.sceneNeedsWords, { tone: "bad", stays: 8_000 });
    return false;
  }
  const text = draft.text;
  sending.set(id, text);
  try {
    put(await mutate(MUTATIONS.updateScene, { id, text, expectedVersion: scene.version }));
    if (peekDraft(id)?.text === text) dropDraft(id);
    else rebaseDraft(id, text, peek(id).version);
    return true;
  } catch (error) {
    if (error instanceof Declined) put(error.payload);
    say(m.notSaved(explain(error)), { tone: "bad", action: { label: m.tryAgain, run: () => void saveText(id) } });
    return false;
  } finally {
    sending.delete(id);
  }
}

/** @param {string} id */
export function keepMine(id) {
  const scene = peek(id);
  rebaseDraft(id, plain(scene.text), scene.version);
  void saveText(id);
}

/** @param {string} id @param {string} title */
export function saveTitle(id, title) {
  return inTurn(id, async () => {
    const scene = peek(id);
    if ((scene.title ?? "") === title.trim()) return;
    await command("updateScene", { id, title: title.trim(), expectedVersion: scene.version });
  });
}

/** `caret` counts as text fields do, the API counts code points of its own text. @param {string} id @param {number} caret */
export async function splitScene(id, caret) {
  if (!(await saveText(id))) return null;
  const scene = peek(id);
  const at = codePoints(scene.text, caret);
  const before = [...scene.text].slice(0, at).join("");
  if (!before.trim() || !scene.text.slice(before.length).trim()) {
    say(m.splitNowhere, { stays: 6_000 });
    return null;
  }
  const done = await command("splitScene", { id, at, expectedVersion: scene.version });
  if (!done) return null;
  const script = peek(scene.script);
  if (script?.scenes && !script.scenes.includes(done.newScene)) {
    const place = script.scenes.indexOf(id) + 1;
    amend(done.newScene, { images: [] });
    amend(script.id, { scenes: script.scenes.toSpliced(place, 0, done.newScene) });
  }
  say(m.sceneSplit(scene.order));
  return done.newScene;
}

/** @param {string} text @param {number} caret */
function codePoints(text, caret) {
  const points = [...text];
  let [units, at] = [0, 0];
  while (at < points.length && units < caret) {
    const isPair = points[at] === "\r" && points[at + 1] === "\n";
    units += points[at].length;
    at += isPair ? 2 : 1;
  }
  return at;
}

/** @param {string} id @param {string} nextId */
export async function mergeScenes(id, nextId) {
  if (!(await saveText(id)) || !(await saveText(nextId))) return false;
  const [first, second] = [peek(id), peek(nextId)];
  const done = await command("mergeScenes", { sceneIds: [id, nextId], expectedVersions: [first.version, second.version] });
  if (!done) return false;
  const script = peek(first.script);
  if (script?.scenes) amend(script.id, { scenes: script.scenes.filter((/** @type {string} */ one) => one !== nextId) });
  say(m.scenesMerged(first.order));
  return true;
}

const SETTLES_MS = 600;
/** @type {Map<string, {order: string[], unpatch: () => void, timer: ReturnType<typeof setTimeout>}>} */
const moving = new Map();

/** Shown at once; sent when the moving has come to rest. @param {string} scriptId @param {string} id @param {number} to the new place, from 0 */
export function moveScene(scriptId, id, to) {
  const now = peek(scriptId).scenes;
  const order = now.filter((/** @type {string} */ one) => one !== id);
  order.splice(Math.max(0, Math.min(order.length, to)), 0, id);
  if (order.every((/** @type {string} */ one, /** @type {number} */ at) => one === now[at])) return;
  const before = moving.get(scriptId);
  if (before) {
    clearTimeout(before.timer);
    before.unpatch();
  }
  const move = { order, unpatch: patch(scriptId, { scenes: order }), timer: setTimeout(() => void sendOrder(scriptId), SETTLES_MS) };
  moving.set(scriptId, move);
}

/** @param {string} scriptId */
async function sendOrder(scriptId) {
  const move = moving.get(scriptId);
  if (!move) return;
  moving.delete(scriptId);
  const done = await command("reorderScenes", { scriptId, sceneIds: move.order });
  if (done) say(m.reordered);
  move.unpatch();
}
