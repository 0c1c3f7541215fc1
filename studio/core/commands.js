// Decisions: shown at once, some held for a moment in which they can be undone, sent in their order, kept until the
// server has them (also when the tab is closed: another one sends them), and taken back with a word where it declines.
import { m } from "../messages.js";
import { Declined, Unreachable, ask, mutate } from "./api.js";
import { CREATED, MUTATIONS } from "./documents.js";
import { when } from "./format.js";
import { connection, whenReachable } from "./live.js";
import { dismiss, notices, say } from "./notices.js";
import { refuse, select, unselect } from "./selection.js";
import { keysAfter, read, write } from "./storage.js";
import { patch, put, stored } from "./store.js";
import { TAB, whenGone } from "./tabs.js";
import { batch, effect, signal } from "./ui.js";

/** @typedef {import("./types").Command} Command */
/**
 * @typedef {{command: Command, due: number | null, isInherited: boolean, refused: Map<string, string>, unpatch: () => void,
 *   timer: ReturnType<typeof setTimeout> | undefined, notice: number | null}} Item
 */

export const HOLD_MS = 5_000;
/** A decision that has waited for longer may be forgotten by now: declined, it is told of as such. */
const OLD_MS = 300_000;
const KEPT = "outbox:";

/** Held ones and those on their way, oldest first. */
export const outbox = signal(/** @type {Item[]} */ ([]));
/** Whether the last try did not reach the server. */
const isStuck = signal(false);
let isSending = false;

/**
 * @param {Command} command
 * @param {{hold?: boolean}} [options]
 */
export function decide(command, { hold = false } = {}) {
  const before = outbox.peek().find((one) => one.command.id === command.id && one.due !== null);
  if (before) withdraw(before);
  unselect(command.ids);
  const item = itemOf(command);
  if (hold) {
    item.due = Date.now() + HOLD_MS;
    item.timer = setTimeout(() => release(item), HOLD_MS);
    item.notice = say(command.label, { action: { label: m.undo, run: () => takeBack(item) }, stays: HOLD_MS });
  }
  keep([...outbox.peek(), item]);
  if (!hold) void send();
}

/** @param {Command} command @returns {Item} */
function itemOf(command, isInherited = false) {
  const undos = batch(() => command.patches.map(([id, fields]) => patch(id, fields)));
  const unpatch = () => batch(() => undos.forEach((undo) => undo()));
  return { command, due: null, isInherited, refused: new Map(), unpatch, timer: undefined, notice: null };
}

/** Takes back what is still held and was decided last. Returns what it was about, or null. */
export function undo() {
  const item = outbox.peek().findLast((one) => one.due !== null);
  if (!item) return null;
  takeBack(item);
  return item.command.id;
}

/** @param {Item} item */
function takeBack(item) {
  if (item.due === null || !outbox.peek().includes(item)) return;
  withdraw(item);
  if (item.command.type === "reviewImages") select(item.command.ids);
  say(m.undone);
}

/** @param {Item} item */
function withdraw(item) {
  clearTimeout(item.timer);
  if (item.notice !== null) dismiss(item.notice);
  settle(item);
}

/** @param {Item} item */
function release(item) {
  clearTimeout(item.timer);
  item.due = null;
  keep([...outbox.peek()]);
  void send();
}

/** @param {Item} item */
function settle(item) {
  batch(() => {
    item.unpatch();
    keep(outbox.peek().filter((one) => one !== item));
  });
}

/** @param {Item[]} items */
function keep(items) {
  outbox.value = items;
  write("local", KEPT + TAB, items.length ? JSON.stringify(items.map((item) => item.command)) : null);
}

async function send() {
  if (isSending) return;
  isSending = true;
  try {
    for (let item = next(); item; item = next()) await sendOne(item);
  } finally {
    isSending = false;
  }
}

const next = () => outbox.peek().find((item) => item.due === null);

/** @param {Item} item */
async function sendOne(item) {
  const { command } = item;
  try {
    if (item.isInherited && (await isForeign(command))) {
      settle(item);
      return tellDropped(command, m.goneMeanwhile);
    }
    while (command.inputs.length) {
      const payload = await mutate(MUTATIONS[command.type], command.inputs[0]);
      take(item, payload);
      command.inputs = command.inputs.slice(1);
      keep([...outbox.peek()]);
    }
    isStuck.value = false;
    settle(item);
    if (command.done) tellMany(item, command.done);
  } catch (error) {
    isStuck.value = error instanceof Unreachable;
    if (error instanceof Unreachable) return whenReachable();
    if (error instanceof Declined) take(item, error.payload);
    settle(item);
    tellDeclined(item, error);
  }
}

/** The same address may lead to another installation by now, where this id is of something else. @param {Command} command */
async function isForeign(command) {
  const { node } = await ask(CREATED, { id: command.id });
  return node?.createdAt !== command.createdAt;
}

/** @param {Item} item @param {any} payload */
function take({ command, refused }, payload) {
  for (const { target, userErrors } of put(payload).results ?? []) {
    if (userErrors.length && !isDone(command, target)) refused.set(target, userErrors[0].message);
  }
}

/** It may have been done by a try whose answer was lost, or by someone else: then there is nothing to say. @param {Command} command @param {string} id */
function isDone(command, id) {
  const found = stored(id);
  return command.type === "chooseImage" ? stored(found?.scene)?.chosenImage === id : found?.status === command.wanted;
}

/** @param {Item} item @param {string} done */
function tellMany({ command, refused }, done) {
  if (!refused.size) return void say(done, { tone: "good" });
  if (command.type === "reviewImages") refuse(refused);
  const words = command.type === "reviewImages" ? m.someNotDecided : m.someRefused;
  say(words(refused.size, command.ids.length), { tone: "bad" });
}

/** @param {Item} item @param {unknown} error */
function tellDeclined({ command }, error) {
  const open = command.ids.filter((id) => !isDone(command, id));
  if (!open.length) return;
  const why = error instanceof Error ? error.message : String(error);
  if (command.type === "reviewImages") refuse(new Map(open.map((id) => [id, why])));
  if (error instanceof Declined && Date.now() - command.at > OLD_MS) return tellDropped(command, why);
  say(m.declined(command.label, why), {
    tone: "bad",
    action: error instanceof Declined ? null : { label: m.tryAgain, run: () => decide(command) },
  });
}

/** There may be many after a night without a network: they are told of together. */
let dropped = { count: 0, notice: -1 };

/** @param {Command} command @param {string} why */
function tellDropped(command, why) {
  const isShown = notices.peek().some((one) => one.id === dropped.notice);
  const count = (isShown ? dropped.count : 0) + 1;
  if (isShown) dismiss(dropped.notice);
  const said = count > 1 ? m.manyDropped(count) : m.dropped(command.label, when(new Date(command.at).toISOString()), why);
  dropped = { count, notice: say(said, { tone: "bad" }) };
}

/**
 * What is no decision: done at once, with the answer in the store. Declined or failed, it is said and null is returned.
 * @param {string} type
 * @param {Record<string, unknown>} input
 * @returns {Promise<any>}
 */
export async function command(type, input) {
  try {
    return put(await mutate(MUTATIONS[type], input));
  } catch (error) {
    if (error instanceof Declined) put(error.payload);
    say(explain(error), {
      tone: "bad",
      action: error instanceof Unreachable ? { label: m.tryAgain, run: () => void command(type, input) } : null,
    });
    return null;
  }
}

/** @param {unknown} error */
export function explain(error) {
  if (error instanceof Unreachable) return m.unreachable;
  if (error instanceof Declined) return error.message;
  return m.failed(error instanceof Error ? error.message : String(error));
}

// What is held when the page goes is sent on its way; if that is not heard of, it is sent again by the next page.
addEventListener("pagehide", () => {
  for (const item of outbox.peek()) {
    if (item.due === null) continue;
    clearTimeout(item.timer);
    item.due = null;
    for (const input of item.command.inputs) {
      void mutate(MUTATIONS[item.command.type], input, { keepalive: true }).catch(() => {});
    }
  }
});

addEventListener("pageshow", (event) => {
  if (event.persisted) void send();
});

/** @param {Event} event */
const warn = (event) => event.preventDefault();

effect(() => {
  const isAway = isStuck.value || connection.value === "away";
  if (outbox.value.length && isAway) addEventListener("beforeunload", warn);
  else removeEventListener("beforeunload", warn);
});

/** Takes over what tabs that are gone have left, now and whenever another one goes. */
export function resumeOutbox() {
  for (const tab of keysAfter("local", KEPT)) inherit(tab);
  addEventListener("storage", ({ key, newValue }) => {
    if (newValue && key?.startsWith(`reelgate:${KEPT}`)) inherit(key.slice(`reelgate:${KEPT}`.length));
  });
}

/** @type {Set<string>} */
const heirOf = new Set();

/** @param {string} tab */
function inherit(tab) {
  if (heirOf.has(tab)) return;
  heirOf.add(tab);
  whenGone(tab, () => {
    heirOf.delete(tab);
    const commands = commandsOf(tab);
    if (commands.length) keep([...commands.map((command) => itemOf(command, true)), ...outbox.peek()]);
    write("local", KEPT + tab, null);
    void send();
  });
}

/** @param {string} tab @returns {Command[]} */
function commandsOf(tab) {
  try {
    return JSON.parse(read("local", KEPT + tab) ?? "[]");
  } catch {
    return [];  // not ours, or broken: there is nothing to send
  }
}
