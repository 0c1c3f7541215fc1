// How a video can be made, and what was chosen last.
import { read, write } from "./storage.js";

/** Every option that is a choice between words. @type {{name: string, values: string[]}[]} */
export const OPTIONS = [
  { name: "aspect", values: ["WIDE", "TALL", "SQUARE"] },
  { name: "resolution", values: ["P720", "P1080", "P1440", "P2160"] },
  { name: "quality", values: ["DRAFT", "FINAL"] },
  { name: "motion", values: ["HOLD", "KEN_BURNS"] },
  { name: "transition", values: ["CUT", "CROSSFADE", "FADE_BLACK"] },
  { name: "captions", values: ["NONE", "PLAIN", "BOXED", "BOLD"] },
  { name: "narration", values: ["AUTO", "ON", "OFF"] },
];

/** The last choices for a script. @param {string} script @returns {Record<string, string>} */
export function lastChoices(script) {
  try {
    return JSON.parse(read("local", `render:${script}`) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {string} script @param {Record<string, string>} choices */
export function keepChoices(script, choices) {
  write("local", `render:${script}`, JSON.stringify(choices));
}
