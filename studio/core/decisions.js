// The decisions a person can make about scenes and images, as commands.
import { m } from "../messages.js";
import { command, decide } from "./commands.js";
import { peekDraft } from "./drafts.js";
import { say } from "./notices.js";
import { peek } from "./store.js";
import { newKey } from "./unique.js";

/** @typedef {import("./types").Scene} Scene */
/** @typedef {import("./types").Picture} Picture */
/** @typedef {import("./types").Command} Command */
/** What is asked for about one thing, and how it looks then. @typedef {{input: Record<string, unknown>, patches: Command["patches"]}} Part */

const MOST_AT_ONCE = 100;

/** @param {import("./types").Thing | null} thing @param {import("./types").Action} action */
export function can(thing, action) {
  return thing?.allowedActions?.includes(action) ?? false;
}

/** @param {Scene} scene */
export function approveScene(scene) {
  if (peekDraft(scene.id)) return void say(m.saveFirst, { tone: "bad", stays: 6_000 });
  if (!can(scene, "APPROVE")) return;
  decide(one("approveScene", "APPROVED", scene, sceneApproval(scene), m.sceneApproved(scene.order)), { hold: true });
}

/** Each is decided by itself; what is declined is said, the rest is done. @param {Scene[]} scenes */
export function approveScenes(scenes) {
  const open = scenes.filter((scene) => can(scene, "APPROVE") && !peekDraft(scene.id));
  if (!open.length) return;
  const parts = open.map(sceneApproval);
  const label = m.scenesApproved(open.length);
  const all = many("approveScenes", "APPROVED", open, parts, (inputs) => ({ scenes: inputs }), label, m.allApproved(open.length));
  decide(all, { hold: true });
}

/** @param {Picture} image */
export function approveImage(image) {
  if (!can(image, "APPROVE")) return;
  decide(one("approveImage", "APPROVED", image, imageApproval(image), m.imageApproved(peek(image.scene)?.order ?? 0)));
}

/** Each by itself, as with scenes; those that are declined stay selected. @param {Picture[]} images */
export function approveImages(images) {
  const open = images.filter((image) => can(image, "APPROVE"));
  if (!open.length) return;
  const label = m.imagesApproved(open.length);
  decide(many("reviewImages", "APPROVED", open, open.map(imageApproval), (inputs) => ({ decisions: inputs.map((approve) => ({ approve })) }), label, label));
}

/** @param {Picture} image @param {string} reason */
export function rejectImage(image, reason) {
  if (!can(image, "REJECT")) return;
  const label = m.imageRejected(peek(image.scene)?.order ?? 0);
  decide(one("rejectImage", "REJECTED", image, imageRejection(image, reason), label), { hold: true });
}

/** All for the same reason. @param {Picture[]} images @param {string} reason */
export function rejectImages(images, reason) {
  const open = images.filter((image) => can(image, "REJECT"));
  if (!open.length) return;
  const parts = open.map((image) => imageRejection(image, reason));
  const label = m.imagesRejected(open.length);
  decide(many("reviewImages", "REJECTED", open, parts, (inputs) => ({ decisions: inputs.map((reject) => ({ reject })) }), label, label), { hold: true });
}

/** @param {Picture} image */
export function chooseImage(image) {
  /** @type {Part} */
  const part = { input: { id: image.id, expectedVersion: image.version }, patches: [[image.scene, { chosenImage: image.id }]] };
  decide(one("chooseImage", "APPROVED", image, part, m.imageChosen(peek(image.scene)?.order ?? 0)));
}

/** @param {string} sceneId @param {string} prompt */
export async function anotherImage(sceneId, prompt) {
  const idempotencyKey = newKey();
  const done = await command("generateImage", { sceneId, prompt: prompt.trim() || null, idempotencyKey });
  if (done) say(m.imageAsked(peek(sceneId)?.order ?? 0));
  return done !== null;
}

/** @param {Scene} scene @returns {Part} */
function sceneApproval(scene) {
  return {
    input: { id: scene.id, expectedVersion: scene.version },
    patches: [[scene.id, { status: "APPROVED", allowedActions: ["EDIT"] }]],
  };
}

/** @param {Picture} image @returns {Part} */
function imageApproval(image) {
  const scene = peek(image.scene);
  return {
    input: {
      id: image.id, expectedVersion: image.version, acceptStale: image.stale,
      ...(scene ? { expectedSceneVersion: scene.version } : {}),
    },
    patches: [
      [image.id, { status: "APPROVED", allowedActions: [], stale: false }],
      [image.scene, { chosenImage: image.id }],
    ],
  };
}

/** @param {Picture} image @param {string} reason @returns {Part} */
function imageRejection(image, reason) {
  const feedback = reason.trim() || null;
  const lastDecision = { status: "REJECTED", feedback, actor: "self", decidedAt: new Date().toISOString() };
  return {
    input: { id: image.id, expectedVersion: image.version, feedback },
    patches: [[image.id, { status: "REJECTED", allowedActions: [], lastDecision }]],
  };
}

/** @param {string} type @param {Command["wanted"]} wanted @param {Scene | Picture} thing @param {Part} part @param {string} label @returns {Command} */
function one(type, wanted, thing, { input, patches }, label) {
  return { type, wanted, label, at: Date.now(), ids: [thing.id], id: thing.id, createdAt: thing.createdAt, inputs: [input], patches };
}

/**
 * @param {string} type @param {Command["wanted"]} wanted @param {(Scene | Picture)[]} things @param {Part[]} parts
 * @param {(inputs: Part["input"][]) => Part["input"]} join what one request asks for
 * @param {string} label @param {string} done what is said when all of them are @returns {Command}
 */
function many(type, wanted, things, parts, join, label, done) {
  const inputs = [];
  for (let from = 0; from < parts.length; from += MOST_AT_ONCE) {
    inputs.push(join(parts.slice(from, from + MOST_AT_ONCE).map((part) => part.input)));
  }
  const { id, createdAt } = things[0];
  return { type, wanted, label, done, at: Date.now(), ids: things.map((thing) => thing.id), id, createdAt, inputs, patches: parts.flatMap((part) => part.patches) };
}
