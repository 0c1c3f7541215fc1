// The decisions a person can make about scenes and images, as commands.
import { m } from "../messages.js";
import { command, decide } from "./commands.js";
import { peekDraft } from "./drafts.js";
import { say } from "./notices.js";
import { patch, peek, put } from "./store.js";
import { MUTATIONS } from "./documents.js";
import { mutate } from "./api.js";
import { explain } from "./commands.js";

/** @typedef {import("./types").Scene} Scene */
/** @typedef {import("./types").Picture} Picture */

const MOST_AT_ONCE = 100;

/** @param {import("./types").Thing | null} thing @param {import("./types").Action} action */
export function can(thing, action) {
  return thing?.allowedActions?.includes(action) ?? false;
}

/** @param {Scene} scene */
export function approveScene(scene) {
  if (peekDraft(scene.id)) return void say(m.saveFirst, { tone: "bad", stays: 6_000 });
  if (!can(scene, "APPROVE")) return;
  decide(
    {
      type: "approveScene", id: scene.id, wanted: "APPROVED", label: m.sceneApproved(scene.order),
      input: { id: scene.id, expectedVersion: scene.version },
      patches: [[scene.id, { status: "APPROVED", allowedActions: ["EDIT"] }]],
    },
    { hold: true },
  );
}

/** @param {Picture} image */
export function approveImage(image) {
  if (!can(image, "APPROVE")) return;
  const scene = peek(image.scene);
  decide({
    type: "approveImage", id: image.id, wanted: "APPROVED", label: m.imageApproved(scene?.order ?? 0),
    input: {
      id: image.id, expectedVersion: image.version, acceptStale: image.stale,
      ...(scene ? { expectedSceneVersion: scene.version } : {}),
    },
    patches: [
      [image.id, { status: "APPROVED", allowedActions: [], stale: false }],
      [image.scene, { chosenImage: image.id }],
    ],
  });
}

/** @param {Picture} image @param {string} reason */
export function rejectImage(image, reason) {
  if (!can(image, "REJECT")) return;
  const feedback = reason.trim() || null;
  const lastDecision = { status: "REJECTED", feedback, actor: "local", decidedAt: new Date().toISOString() };
  decide(
    {
      type: "rejectImage", id: image.id, wanted: "REJECTED", label: m.imageRejected(peek(image.scene)?.order ?? 0),
      input: { id: image.id, expectedVersion: image.version, feedback },
      patches: [[image.id, { status: "REJECTED", allowedActions: [], lastDecision }]],
    },
    { hold: true },
  );
}

/** @param {Picture} image */
export function chooseImage(image) {
  decide({
    type: "chooseImage", id: image.id, wanted: "APPROVED", label: m.imageChosen(peek(image.scene)?.order ?? 0),
    input: { id: image.id, expectedVersion: image.version },
    patches: [[image.scene, { chosenImage: image.id }]],
  });
}

/** @param {string} sceneId @param {string} prompt */
export async function anotherImage(sceneId, prompt) {
  const idempotencyKey = crypto.randomUUID();
  const done = await command("generateImage", { sceneId, prompt: prompt.trim() || null, idempotencyKey });
  if (done) say(m.imageAsked(peek(sceneId)?.order ?? 0));
  return done !== null;
}

/** Each is decided by itself; what is declined is said, the rest is done. @param {Scene[]} scenes */
export async function approveScenes(scenes) {
  const open = scenes.filter((scene) => can(scene, "APPROVE") && !peekDraft(scene.id));
  const undos = open.map((scene) => patch(scene.id, { status: "APPROVED", allowedActions: ["EDIT"] }));
  let refused = 0;
  try {
    for (let from = 0; from < open.length; from += MOST_AT_ONCE) {
      const part = open.slice(from, from + MOST_AT_ONCE).map(({ id, version }) => ({ id, expectedVersion: version }));
      const payload = await mutate(MUTATIONS.approveScenes, { scenes: part });
      refused += payload.results.filter((/** @type {any} */ one) => one.userErrors.length).length;
      put(payload);
    }
    say(refused ? m.someRefused(refused, open.length) : m.allApproved(open.length), { tone: refused ? "bad" : "good" });
  } catch (error) {
    say(explain(error), { tone: "bad", action: { label: m.tryAgain, run: () => void approveScenes(scenes.map((one) => peek(one.id))) } });
  } finally {
    undos.forEach((undo) => undo());
  }
}
