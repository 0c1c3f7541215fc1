// How a video is to be made: what was chosen and not used yet, else what the newest video was made with.
import { draft, dropDraft, keepDraft } from "./drafts.js";
import { thing } from "./store.js";

/** What one scene has otherwise than the rest. @typedef {{seconds?: string, motion?: string, transition?: string}} Look */
/** Every value as its field has it; what is not there is as the installation has it. @typedef {{values: Record<string, string>, scenes: Record<string, Look>}} Choices */
/** @typedef {{name: string, values?: string[], least?: number, most?: number}} Option */

const FRAME_RATES = ["24", "25", "30", "50", "60"];
const SHOWN = { least: 0.5, most: 600 };
const MOTION = { name: "motion", values: ["HOLD", "KEN_BURNS"] };
const TRANSITION = { name: "transition", values: ["CUT", "CROSSFADE", "FADE_BLACK"] };

/** Music has its own field. @type {{name: string, options: Option[]}[]} */
export const GROUPS = [
  {
    name: "picture",
    options: [
      { name: "aspect", values: ["WIDE", "TALL", "SQUARE"] },
      { name: "resolution", values: ["P720", "P1080", "P1440", "P2160"] },
      { name: "fill", values: ["BLUR", "FIT", "CROP"] },
      { name: "quality", values: ["DRAFT", "FINAL"] },
      { name: "fps", values: FRAME_RATES },
    ],
  },
  {
    name: "pace",
    options: [
      { name: "titleCard", values: ["true", "false"] },
      MOTION,
      TRANSITION,
      { name: "transitionSeconds", least: 0, most: 5 },
      { name: "sceneSeconds", ...SHOWN },
    ],
  },
  {
    name: "words",
    options: [
      { name: "captions", values: ["NONE", "PLAIN", "BOXED", "BOLD"] },
      { name: "narration", values: ["AUTO", "ON", "OFF"] },
      { name: "voice" },
    ],
  },
];

/** What single scenes can have otherwise. @type {Option[]} */
export const SCENE_OPTIONS = [{ name: "seconds", ...SHOWN }, MOTION, TRANSITION];

const OPTIONS = [...GROUPS.flatMap((group) => group.options), { name: "musicId" }];
/** @param {string} name */
const optionOf = (name) => OPTIONS.find((one) => one.name === name) ?? { name };
const key = (/** @type {string} */ script) => `render:${script}`;

/** @param {import("./types").Script} script @returns {Choices} */
export function choicesOf(script) {
  return parsed(draft(key(script.id))?.text) ?? choicesIn(thing(script.videos?.[0])?.render ?? null);
}

/** Whether anything was chosen since the newest video. @param {import("./types").Script} script */
export const isChosen = (script) => draft(key(script.id)) !== null;

/** @param {string} script @param {Choices} choices */
export const keepChoices = (script, choices) => keepDraft(key(script), JSON.stringify(choices), "", 0);

/** @param {string} script */
export const forgetChoices = (script) => dropDraft(key(script));

/** @param {string | undefined} text @returns {Choices | null} */
function parsed(text) {
  try {
    const found = JSON.parse(text ?? "null");
    return found?.values && found.scenes ? found : null;
  } catch {
    return null;
  }
}

/** What a video was made with, as far as it can be asked for again. @param {import("./types").Render | null} render @returns {Choices} */
function choicesIn(render) {
  if (!render) return { values: {}, scenes: {} };
  const { scenes, width, height, ...plain } = render;
  const values = { ...plain, resolution: `P${Math.min(width, height)}` };
  return {
    values: Object.fromEntries(OPTIONS.map(({ name }) => [name, text(/** @type {any} */ (values)[name])]).filter(([name, value]) => value && isValid(name, value))),
    scenes: Object.fromEntries(scenes.map(({ sceneId, ...look }) => [sceneId, lookOf(look)])),
  };
}

/** @param {unknown} value */
const text = (value) => (value === null || value === undefined ? "" : String(value));

/** @param {Record<string, unknown>} look @returns {Look} */
const lookOf = (look) => Object.fromEntries(SCENE_OPTIONS.map(({ name }) => [name, text(look[name])]).filter(([, value]) => value));

/** An installation may have what cannot be asked for, such as an odd size. @param {string} name @param {string} value */
function isValid(name, value) {
  const { values, least, most } = optionOf(name);
  if (name === "fps") return Number(value) >= 24 && Number(value) <= 60;
  if (values) return values.includes(value);
  return least === undefined || most === undefined || (Number(value) >= least && Number(value) <= most);
}

/** @param {Choices} choices @param {string} name @param {string} value @returns {Choices} */
export function chosen(choices, name, value) {
  const { [name]: _, ...rest } = choices.values;
  return { ...choices, values: value ? { ...rest, [name]: value } : rest };
}

/** @param {Choices} choices @param {string} scene @param {string} name @param {string} value @returns {Choices} */
export function chosenFor(choices, scene, name, value) {
  const { [scene]: before = {}, ...others } = choices.scenes;
  const look = lookOf({ ...before, [name]: value });
  return { ...choices, scenes: Object.keys(look).length ? { ...others, [scene]: look } : others };
}

/** As the API takes it; undefined if nothing is chosen. Scenes that are gone are left out. @param {Choices} choices @param {string[]} sceneIds */
export function renderInput(choices, sceneIds) {
  const values = Object.entries(choices.values).map(([name, value]) => [name, typed(name, value)]);
  const scenes = sceneIds.filter((id) => choices.scenes[id]).map((sceneId) => {
    const { seconds, ...words } = choices.scenes[sceneId];
    return { sceneId, ...(seconds ? { seconds: Number(seconds) } : {}), ...words };
  });
  if (!values.length && !scenes.length) return undefined;
  return { ...Object.fromEntries(values), ...(scenes.length ? { scenes } : {}) };
}

/** @param {string} name @param {string} value */
function typed(name, value) {
  if (name === "titleCard") return value === "true";
  return name === "fps" || optionOf(name).least !== undefined ? Number(value) : value;
}
