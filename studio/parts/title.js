// What the tab says beside the count of what waits.
import { signal, useEffect } from "../core/ui.js";

export const pageTitle = signal("");

/** @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    pageTitle.value = title;
  }, [title]);
}
