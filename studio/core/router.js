// Which view an address means. Links are real links; this only spares the reload.
import { signal } from "./ui.js";

/** @typedef {{name: string, id: string | null, stage: string | null, query: URLSearchParams, path: string}} Route */

const STAGES = ["script", "scenes", "images", "video", "history", "jobs", "review"];

/** @returns {Route} */
function present() {
  const query = new URLSearchParams(location.search);
  const path = location.pathname.replace(/\/+$/, "") || "/";
  /** @param {string} name @param {string | null} [id] @param {string | null} [stage] @returns {Route} */
  const found = (name, id = null, stage = null) => ({ name, id, stage, query, path });
  if (path === "/" || path === "/scripts") return found("scripts");
  if (path === "/new" || path === "/review" || path === "/jobs") return found(path.slice(1));
  const match = /^\/scripts\/([1-9][0-9]{0,9})(?:\/([a-z]+))?$/.exec(path);
  if (match && (match[2] === undefined || STAGES.includes(match[2]))) {
    return match[2] === "review" ? found("review", `script_${match[1]}`) : found("script", `script_${match[1]}`, match[2] ?? null);
  }
  return found("missing");
}

export const route = signal(present());

addEventListener("popstate", () => {
  route.value = present();
});

/** @param {string} to @param {{replace?: boolean}} [options] */
export function navigate(to, { replace = false } = {}) {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  route.value = present();
}

/** For a link's click. @param {MouseEvent} event */
export function follow(event) {
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

/** `script_7` as addresses have it: `7`. @param {string} id */
export function number(id) {
  return id.slice(id.indexOf("_") + 1);
}

/** @param {string} id @param {string} [stage] */
export function scriptPath(id, stage) {
  return `/scripts/${number(id)}${stage ? `/${stage}` : ""}`;
}
