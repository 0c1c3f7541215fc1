// Decisions: shown at once, some held for a moment in which they can be undone, sent in their order, kept until the
// server has them (also over a reload), and taken back with a word where it declines.
import { m } from "../messages.js";
import { Declined, Unreachable, mutate } from "./api.js";
import { MUTATIONS } from "./documents.js";
import { whenReachable } from "./live.js";
import { dismiss, say } from "./notices.js";
import { read, write } from "./storage.js";
import { patch, put, stored } from "./store.js";
import { batch, signal } from "./ui.js";

/** @typedef {import("./types").Command} Command */
/** @typedef {{command: Command, due: number | null, unpatch: () => void, timer: ReturnType<typeof setTimeout> | undefined, notice: number | null}} Item */

export const HOLD_MS = 5_000;
const KEPT = "outbox";

/** Held ones and those on their way, oldest first. */
export const outbox = signal(/** @type {Item[]} */ ([]));
let isSending = false;

/**
 * @param {Command} command
 * @param {{hold?: boolean}} [options]
 */
export function decide(command, { hold = false } = {}) {
  const before = outbox.peek().find((one) => one.command.id === command.id && one.due !== null);
  if (before) withdraw(before);
  const undos = batch(() => command.patches.map(([id, fields]) => patch(id, fields)));
  /** @type {Item} */
  const item = {
    command, due: hold ? Date.now() + HOLD_MS : null, timer: undefined, notice: null,
    unpatch: () => batch(() => undos.forEach((undo) => undo())),
  };
  if (hold) {
    item.timer = setTimeout(() => release(item), HOLD_MS);
    item.notice = say(command.label, { action: { label: m.undo, run: () => takeBack(item) }, stays: HOLD_MS });
  }
  keep([...outbox.peek(), item]);
  if (!hold) void send();
}

/** Takes back what is still held and was decided last. Returns whether there was anything. */
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
  say(m.undone);
}

/** @param {Item} item */
function withdraw(item) {
  clearTimeout(item.timer);
  if (item.notice !== null) dismiss(item.notice);
  item.unpatch();
  keep(outbox.peek().filter((one) => one !== item));
}

/** @param {Item} item */
function release(item) {
  clearTimeout(item.timer);
  item.due = null;
  keep([...outbox.peek()]);
  void send();
}

/** @param {Item[]} items */
function keep(items) {
  outbox.value = items;
  write("session", KEPT, items.length ? JSON.stringify(items.map((item) => item.command)) : null);
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
    const payload = await mutate(MUTATIONS[command.type], command.input);
    settle(item, payload);
  } catch (error) {
    if (error instanceof Unreachable) {
      await whenReachable();
      return;
    }
    settle(item, error instanceof Declined ? error.payload : null);
    // It may have been done by a try whose answer was lost, or by someone else: then there is nothing to say.
    if (stored(command.id)?.status === command.wanted) return;
    const why = error instanceof Error ? error.message : String(error);
    say(m.declined(command.label, why), {
      tone: "bad",
      action: error instanceof Declined ? null : { label: m.tryAgain, run: () => decide(command) },
    });
  }
}

/** @param {Item} item @param {any} payload */
function settle(item, payload) {
  batch(() => {
    if (payload) put(payload);
    item.unpatch();
    keep(outbox.peek().filter((one) => one !== item));
  });
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
    void mutate(MUTATIONS[item.command.type], item.command.input, { keepalive: true }).catch(() => {});
  }
});

export function resumeOutbox() {
  /** @type {Command[]} */
  let commands = [];
  try {
    commands = JSON.parse(read("session", KEPT) ?? "[]");
  } catch {
    // Not ours, or broken: there is nothing to send.
  }
  for (const one of commands) decide(one);
}
