// Which tab answers for what: each for what was decided in it; when it is gone, exactly one of the others takes that over.
import { read, write } from "./storage.js";
import { newKey } from "./unique.js";

/** The name of this tab, for as long as its page is there. */
export const TAB = newKey();

const BEAT_MS = 5_000;
/** A hidden tab's timers may run once a minute only. */
const SILENT_MS = 180_000;
const locks = /** @type {LockManager | undefined} */ (navigator.locks);

/** @param {string} tab */
const nameOf = (tab) => `reelgate:tab:${tab}`;
/** @param {string} tab */
const signOf = (tab) => `tab:${tab}`;

/** Calls once that tab is gone, in one of the tabs that wait for it. @param {string} tab @param {() => void} takeOver */
export function whenGone(tab, takeOver) {
  if (locks) void locks.request(nameOf(tab), takeOver);
  else lookAfter(tab, takeOver);
}

/** @param {string} tab @param {() => void} takeOver */
function lookAfter(tab, takeOver) {
  if (Date.now() - Number(read("local", signOf(tab)) ?? 0) < SILENT_MS) setTimeout(() => lookAfter(tab, takeOver), BEAT_MS);
  else takeOver();
}

function giveSign() {
  write("local", signOf(TAB), String(Date.now()));
}

// The browser gives a lock back when its page goes, however it goes. Over plain HTTP from another machine there are
// none: then a sign of life stands in for it.
if (locks) {
  void locks.request(nameOf(TAB), () => new Promise(() => {}));
} else {
  giveSign();
  setInterval(giveSign, BEAT_MS);
  addEventListener("pageshow", giveSign);
  addEventListener("pagehide", () => write("local", signOf(TAB), null));
}
