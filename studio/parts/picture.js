// A picture that comes when it is near, in the size it is needed in.
import { html, useState } from "../core/ui.js";
import { m } from "../messages.js";

/** @typedef {import("../core/types").Picture} Picture */

/** The address of an image for a width in CSS pixels. @param {Picture} image @param {number} width */
export function source(image, width) {
  const wanted = width * Math.min(2, devicePixelRatio);
  if (wanted <= 320 && image.thumbnail) return image.thumbnail;
  if (wanted <= 640 && image.small) return image.small;
  if (wanted <= 1_280 && image.medium) return image.medium;
  return image.url;
}

/** @param {{image: Picture, width: number, alt: string, eager?: boolean, kind?: string}} props */
export function Photo({ image, width, alt, eager = false, kind = "" }) {
  const [state, setState] = useState("coming");
  return html`
    <span class=${`photo ${kind} is-${state}`}>
      ${state === "failed"
        ? html`<span class="photo-missing">${m.imageNotLoaded}</span>`
        : html`<img src=${source(image, width)} alt=${alt} width=${image.width} height=${image.height} decoding="async"
            loading=${eager ? "eager" : "lazy"} onLoad=${() => setState("there")} onError=${() => setState("failed")} />`}
    </span>
  `;
}
