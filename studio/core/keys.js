// One place that hears the keyboard. Views say what their keys do while they are there; `?` shows the list of them.
import { signal, useEffect, useRef } from "./ui.js";
import { m } from "../messages.js";
import { read, write } from "./storage.js";

/** @typedef {import("./types").Binding} Binding */
/** @typedef {{title: string, bindings: () => Binding[]}} Layer */

/** The last one is asked first. */
export const layers = signal(/** @type {Layer[]} */ ([]));
/** Single letters as commands can be turned off: they get in the way of people who speak to their computer. */
export const lettersOn = signal(read("local", "letters") !== "off");

/** @param {boolean} on */
export function turnLetters(on) {
  lettersOn.value = on;
  write("local", "letters", on ? null : "off");
}

/**
 * The keys of a view, as long as it is there.
 * @param {string} title
 * @param {Binding[]} bindings
 */
export function useKeys(title, bindings) {
  const present = useRef(bindings);
  present.current = bindings;
  useEffect(() => {
    const layer = { title, bindings: () => present.current };
    layers.value = [...layers.peek(), layer];
    return () => {
      layers.value = layers.peek().filter((one) => one !== layer);
    };
  }, [title]);
}

/** Where the command key does what Ctrl does elsewhere. Both are heard everywhere. */
const isApple = /mac|iphone|ipad/i.test(/** @type {any} */ (navigator).userAgentData?.platform ?? navigator.platform);

/** As the keys of this machine are labelled. @param {string} key such as `Ctrl+Enter` */
export function keyLabel(key) {
  /** @type {Record<string, string>} */
  const names = isApple ? { ...m.keyNames, ...m.keyNamesApple } : m.keyNames;
  return key.split("+").map((part) => names[part] ?? part).join(isApple ? "" : " ");
}

/** As screen readers are told. @param {string} key */
export const spokenKeys = (key) => key.replace("Ctrl", isApple ? "Meta" : "Control").replace(/^Esc$/, "Escape");

/** Such as `Ctrl+Enter`, `A`, `Alt+ArrowUp`, `?`. @param {KeyboardEvent} event */
function named(event) {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const shifted = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shifted}${key}`;
}

const TEXT_TYPES = ["text", "search", "number", "file", "url"];

/** @param {EventTarget | null} target */
export function isText(target) {
  if (target instanceof HTMLInputElement) return TEXT_TYPES.includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Keys that mean something to what has the focus. @param {string} key @param {EventTarget | null} target */
function isTheirs(key, target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLVideoElement) return key.startsWith("Arrow") || key === " ";
  if (target instanceof HTMLInputElement && target.type === "radio") return key.startsWith("Arrow") || key === " ";
  return key === "Enter" || key === " " ? target.closest("button, a, summary, label") !== null : false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const key = named(event);
  const inText = isText(event.target);
  if (key.length === 1 && !lettersOn.peek() && key !== "?") return;
  if (document.querySelector("dialog[open]") || isTheirs(key, event.target)) return;
  for (const layer of [...layers.peek()].reverse()) {
    for (const binding of layer.bindings()) {
      if (!binding.keys.includes(key) || (inText && !binding.inText) || (binding.when && !binding.when())) continue;
      event.preventDefault();
      binding.run(event);
      return;
    }
  }
});
