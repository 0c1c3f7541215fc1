// What a text will become, before anything has been asked: rough, and said to be so.
import { words } from "./format.js";

const WORDS_PER_SCENE = 32;
const MOST_WORDS_PER_SCENE = 80;
const WORDS_PER_SECOND = 2.6;
const SHORTEST_SCENE_SECONDS = 3;

/** @param {string} text */
export function estimated(text) {
  const total = words(text);
  const paragraphs = text.split(/\n\s*\n/).map(words).filter((count) => count > 0);
  const scenes = Math.max(total ? 1 : 0, Math.round(paragraphs.reduce((sum, count) => sum + scenesOf(count), 0)));
  return { words: total, characters: [...text].length, scenes, seconds: Math.max(scenes * SHORTEST_SCENE_SECONDS, total / WORDS_PER_SECOND) };
}

/** Short paragraphs share a scene, long ones become several. @param {number} count */
function scenesOf(count) {
  if (count > MOST_WORDS_PER_SCENE) return count / ((WORDS_PER_SCENE + MOST_WORDS_PER_SCENE) / 2);
  return Math.min(1, count / WORDS_PER_SCENE);
}

/** How long a video plays, from lengths set by hand and words. @param {import("./types").Scene[]} scenes @param {import("./rendering.js").Choices} choices */
export function videoSeconds(scenes, choices) {
  const read = (/** @type {string} */ text) => Math.max(SHORTEST_SCENE_SECONDS, words(text) / WORDS_PER_SECOND);
  return scenes.reduce((sum, { id, text }) => sum + Number(choices.scenes[id]?.seconds ?? choices.values.sceneSeconds ?? read(text)), 0);
}
