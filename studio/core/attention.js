// What waits for a person anywhere: its count in the tab's title, and the news that lists of scripts live on.
import { Unreachable, ask } from "./api.js";
import * as documents from "./documents.js";
import { subscribe, whenReachable } from "./live.js";
import { put } from "./store.js";
import { signal, useEffect } from "./ui.js";
import { soon } from "./watch.js";

/** How many scenes and images wait in all scripts; null while that is not known. */
export const waiting = signal(/** @type {number | null} */ (null));

/** @type {Set<(change: import("./types").Change | null) => void>} */
const listeners = new Set();
/** @type {string | null} */
let cursor = null;

async function readAll() {
  const data = await ask(documents.WAITING);
  waiting.value = data.reviewQueue.totalCount;
  return data.eventCursor;
}

const again = soon(300, readAll);

/** Starts it, once. */
export async function payAttention() {
  while (cursor === null) {
    try {
      cursor = await readAll();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      await whenReachable();
    }
  }
  subscribe({
    query: documents.STATUS_CHANGED,
    variables: () => ({ after: cursor }),
    next({ statusChanged }) {
      cursor = statusChanged.cursor;
      const change = put(statusChanged);
      again();
      listeners.forEach((hear) => hear(change));
    },
    async refused() {
      cursor = await readAll();
      listeners.forEach((hear) => hear(null));
    },
  });
}

/** Calls when any status has changed, with null if it is not known which. @param {(change: import("./types").Change | null) => void} hear */
export function useNews(hear) {
  useEffect(() => {
    listeners.add(hear);
    return () => void listeners.delete(hear);
  }, [hear]);
}
