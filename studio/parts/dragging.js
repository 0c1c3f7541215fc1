// Moving rows of a list with mouse, pen or finger by a handle. The keyboard has keys of its own.

const EDGE_PX = 72;
const MOST_PX_PER_FRAME = 18;

/**
 * @param {PointerEvent} event of the handle
 * @param {HTMLElement} row
 * @param {(to: number) => void} onDrop with the row's new place, from 0
 */
export function dragRow(event, row, onDrop) {
  if (event.button !== 0) return;
  event.preventDefault();
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  const list = /** @type {HTMLElement} */ (row.parentElement);
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  const scroller = /** @type {HTMLElement} */ (row.closest("main"));
  const from = rows.indexOf(row);
  const startY = event.clientY + scroller.scrollTop;
  let [y, to, isEnded] = [event.clientY, from, false];
  handle.setPointerCapture(event.pointerId);
  row.classList.add("is-dragged");

  const mark = () => {
    const others = rows.filter((one) => one !== row);
    to = others.findIndex((one) => y < one.getBoundingClientRect().top + one.offsetHeight / 2);
    if (to < 0) to = others.length;
    others.forEach((one, at) => {
      one.classList.toggle("is-drop-before", at === to);
      one.classList.toggle("is-drop-after", to === others.length && at === to - 1);
    });
    row.style.setProperty("--dragged", `${y + scroller.scrollTop - startY}px`);
  };
  const scroll = () => {
    if (isEnded) return;
    const { top, bottom } = scroller.getBoundingClientRect();
    const past = y < top + EDGE_PX ? y - top - EDGE_PX : y > bottom - EDGE_PX ? y - bottom + EDGE_PX : 0;
    if (past) {
      scroller.scrollTop += Math.max(-MOST_PX_PER_FRAME, Math.min(MOST_PX_PER_FRAME, past / 4));
      mark();
    }
    requestAnimationFrame(scroll);
  };
  /** @param {PointerEvent} moved */
  const move = (moved) => {
    y = moved.clientY;
    mark();
  };
  /** @param {boolean} isDropped */
  const end = (isDropped) => {
    isEnded = true;
    handle.removeEventListener("pointermove", move);
    document.removeEventListener("keydown", escape, true);
    row.classList.remove("is-dragged");
    row.style.removeProperty("--dragged");
    rows.forEach((one) => one.classList.remove("is-drop-before", "is-drop-after"));
    if (isDropped && to !== from) onDrop(to);
  };
  /** @param {KeyboardEvent} pressed */
  const escape = (pressed) => pressed.key === "Escape" && end(false);
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", () => !isEnded && end(true), { once: true });
  handle.addEventListener("pointercancel", () => !isEnded && end(false), { once: true });
  document.addEventListener("keydown", escape, true);
  requestAnimationFrame(scroll);
}
