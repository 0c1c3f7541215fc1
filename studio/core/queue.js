// The list that a review goes through: what waited when it began, and what has come to wait since, at the end of it.
import { useNews } from "./attention.js";
import { ask } from "./api.js";
import { explain } from "./commands.js";
import { QUEUE } from "./documents.js";
import { asking, peek, put } from "./store.js";
import { useCallback, useEffect, useState } from "./ui.js";

const MOST_PAGES = 40;

/** @typedef {{ids: string[], state: "loading" | "ready" | "failed", why: string}} Queue */

/** Whether it still waits for a person. @param {string} id */
export function isOpen(id) {
  const found = peek(id);
  return found !== null && found.status === "PENDING" && !found.removedAt;
}

/** Where it stands in its script: one script is looked at in its own order, not in that of its images' making. @param {string} id */
function orderOf(id) {
  const found = peek(id);
  return found.order ?? peek(found.scene)?.order ?? 0;
}

/**
 * @param {string | null} scriptId
 * @param {string | null} first what is to be looked at in any case
 * @returns {Queue & {reload: () => void}}
 */
export function useQueue(scriptId, first) {
  const [queue, setQueue] = useState(/** @type {Queue} */ ({ ids: [], state: "loading", why: "" }));
  /** @param {string[]} more @param {Queue["state"]} state */
  const add = (more, state) =>
    setQueue((before) => ({ ids: [...before.ids, ...more.filter((id) => !before.ids.includes(id))], state, why: "" }));
  const load = useCallback(async () => {
    try {
      let after = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const asked = asking();
        /** @type {any} */
        const { reviewQueue } = await ask(QUEUE, { after, scriptId });
        const ids = put(reviewQueue.nodes, asked);
        if (scriptId) ids.sort((/** @type {string} */ one, /** @type {string} */ other) => orderOf(one) - orderOf(other));
        const lead = page === 0 && first && !ids.includes(first) && peek(first) ? [first] : [];
        add([...lead, ...ids], "ready");
        if (!reviewQueue.pageInfo.hasNextPage) break;
        after = reviewQueue.pageInfo.endCursor;
      }
    } catch (error) {
      setQueue((before) => ({ ...before, state: before.ids.length ? "ready" : "failed", why: explain(error) }));
    }
  }, [scriptId]);
  useEffect(() => void load(), [load]);
  useNews(
    useCallback(
      (change) => {
        if (!change) return void load();
        const found = peek(change.subject);
        if (found?.status !== "PENDING" || !["Scene", "Image"].includes(found.__typename)) return;
        const script = found.script ?? peek(found.scene)?.script;
        if (!scriptId || script === scriptId) add([found.id], "ready");
      },
      [load],
    ),
  );
  return { ...queue, reload: () => void load() };
}
