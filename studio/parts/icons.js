// Small drawings in the colour of the text around them. They say nothing by themselves: a word is always beside them.
import { html } from "../core/ui.js";

/** @type {Record<string, string>} */
const PATHS = {
  approve: "M3.5 8.5l3 3 6-7",
  reject: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  waits: "M8 4.5V8l2.2 1.6M8 14A6 6 0 108 2a6 6 0 000 12z",
  draft: "M3 13l.6-2.9 7.2-7.2 2.3 2.3-7.2 7.2zM9.4 4.3l2.3 2.3",
  work: "M8 2v2.4M8 11.6V14M2 8h2.4M11.6 8H14M3.8 3.8l1.7 1.7M10.5 10.5l1.7 1.7M12.2 3.8l-1.7 1.7M5.5 10.5l-1.7 1.7",
  stop: "M8 5v3.5M8 11v.1M8 14A6 6 0 108 2a6 6 0 000 12z",
  stale: "M13 8a5 5 0 11-1.6-3.7M13 2.6v2.2h-2.2",
  drag: "M6 4v.1M10 4v.1M6 8v.1M10 8v.1M6 12v.1M10 12v.1",
  up: "M8 12.5v-9M4.5 7L8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9L8 12.5 11.5 9",
  left: "M9.8 3.5L5.3 8l4.5 4.5",
  right: "M6.2 3.5L10.7 8l-4.5 4.5",
  split: "M2 8h12M8 2.5v3M8 10.5v3",
  merge: "M3 3.5h10M3 12.5h10M8 5.5v5M6 8.8L8 10.6l2-1.8",
  more: "M3.5 8a.4.4 0 10.8 0 .4.4 0 10-.8 0M7.6 8a.4.4 0 10.8 0 .4.4 0 10-.8 0M11.7 8a.4.4 0 10.8 0 .4.4 0 10-.8 0",
  plus: "M8 3v10M3 8h10",
  search: "M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.4 10.4L13.5 13.5",
  close: "M4 4l8 8M12 4l-8 8",
  pair: "M2.5 3.5h4.5v9H2.5zM9 3.5h4.5v9H9z",
  zoom: "M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.4 10.4L13.5 13.5M7 5v4M5 7h4",
  sun: "M8 10.8a2.8 2.8 0 100-5.6 2.8 2.8 0 000 5.6zM8 1.8v1M8 13.2v1M1.8 8h1M13.2 8h1M3.6 3.6l.7.7M11.7 11.7l.7.7M12.4 3.6l-.7.7M4.3 11.7l-.7.7",
  moon: "M13 9.6A5.5 5.5 0 016.4 3 5.5 5.5 0 1013 9.6z",
  auto: "M8 14A6 6 0 108 2a6 6 0 000 12zM8 2v12",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6l7.5-4.8z",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.2h10",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  archive: "M2.5 3.5h11v2.6h-11zM3.5 6.1v6.4h9V6.1M6.5 8.6h3",
  keys: "M2 4.5h12v7H2zM4.5 7v.1M7 7v.1M9.5 7v.1M12 7v.1M5 9.5h6",
};

/** @param {{name: string}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
