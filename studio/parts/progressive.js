// Long lists: the first rows at once, the others in the browser's idle moments, so that none is ever waited for.
import { useEffect, useState } from "../core/ui.js";

const FIRST = 24;
const PORTION = 48;

/** How many of `total` rows to draw by now. @param {number} total */
export function useProgressive(total) {
  const [shown, setShown] = useState(FIRST);
  useEffect(() => {
    if (shown >= total) return;
    const more = () => setShown((before) => before + PORTION);
    if ("requestIdleCallback" in window) {
      const handle = requestIdleCallback(more, { timeout: 200 });
      return () => cancelIdleCallback(handle);
    }
    const timer = setTimeout(more, 30);
    return () => clearTimeout(timer);
  }, [shown, total]);
  return Math.min(shown, total);
}
