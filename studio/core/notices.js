// What the page has to say by itself: one line at the foot of the window, in a row of its own, so that it covers nothing.
import { signal } from "./ui.js";

/** @typedef {{id: number, text: string, tone: "plain" | "good" | "bad", action: {label: string, run: () => void} | null, until: number | null}} Notice */

const STAYS_MS = 6_000;
let last = 0;

/** The newest is shown; those before it come back when it goes. */
export const notices = signal(/** @type {Notice[]} */ ([]));

/**
 * Bad news stay until they are dismissed; others go by themselves.
 * @param {string} text
 * @param {{tone?: "plain" | "good" | "bad", action?: {label: string, run: () => void} | null, stays?: number | null}} [options]
 */
export function say(text, { tone = "plain", action = null, stays = tone === "bad" ? null : STAYS_MS } = {}) {
  const id = ++last;
  const kept = notices.peek().filter((one) => one.text !== text).slice(-3);
  notices.value = [...kept, { id, text, tone, action, until: stays === null ? null : Date.now() + stays }];
  if (stays !== null) setTimeout(() => dismiss(id), stays);
  return id;
}

/** @param {number} id */
export function dismiss(id) {
  notices.value = notices.peek().filter((one) => one.id !== id);
}

/** Said to screen readers alone. */
export const whispered = signal("");

/** @param {string} text */
export function whisper(text) {
  whispered.value = whispered.peek() === text ? `${text}\u00a0` : text;
}
