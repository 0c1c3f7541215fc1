// The large view of a review: the image, two of them, or the words of a scene that waits.
import { thing } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Badge } from "./controls.js";
import { source } from "./picture.js";
import { SceneText } from "./scene_text.js";

/** @typedef {import("../core/types").Picture} Picture */
/** @typedef {import("../core/types").Scene} Scene */

/** @param {{image: Picture | null, scene: Scene, isZoomed: boolean, compares: boolean, onZoom: () => void}} props */
export function ReviewStage({ image, scene, isZoomed, compares, onZoom }) {
  if (!image) {
    const script = thing(scene.script);
    const count = script?.scenes?.length ?? script?.progress?.scenes;
    return html`
      <div class="stage is-words"><div class="stage-words">
        <p class="meta">${m.sceneNumber(scene.order)}${count ? ` ${m.ofScenes(count)}` : ""}</p><h2 dir="auto">${scene.title ?? m.sceneNumber(scene.order)}</h2>
        <${SceneText} scene=${scene} place=${scene.order} />
      </div></div>
    `;
  }
  const at = (scene.images ?? []).indexOf(image.id);
  const other = compares ? thing(image.replaces ?? scene.images?.[at - 1] ?? scene.images?.[at + 1]) : null;
  return html`
    <div class=${`stage ${isZoomed ? "is-zoomed" : ""} ${other ? "is-pair" : ""}`} tabindex=${isZoomed ? 0 : undefined} role=${isZoomed ? "region" : undefined} aria-label=${isZoomed ? m.zoom : undefined}>
      ${other && html`<${Large} key=${other.id} image=${other} scene=${scene} isNamed onZoom=${onZoom} />`}
      <${Large} key=${image.id} image=${image} scene=${scene} isNamed=${other !== null} onZoom=${onZoom} />
      ${compares && !other && html`<p class="stage-note">${m.nothingToCompare}</p>`}
    </div>
  `;
}

/** @param {{image: Picture, scene: Scene, isNamed: boolean, onZoom: () => void}} props */
function Large({ image, scene, isNamed, onZoom }) {
  const [state, setState] = useState("coming");
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const found = frame.current?.querySelector("img");
    if (found?.complete && found.naturalWidth) setState("there");
  }, []);
  return html`
    <figure class=${`large is-${state}`} ref=${frame}>
      ${state === "failed"
        ? html`<p class="photo-missing">${m.imageNotLoaded}</p>`
        : html`<img src=${source(image, 1_600)} alt=${m.imageAlt(scene.order, scene.title, scene.text)} width=${image.width} height=${image.height}
            onLoad=${() => setState("there")} onError=${() => setState("failed")} onClick=${onZoom} />`}
      ${(isNamed || image.status !== "PENDING") && html`
        <figcaption><span>${m.attempt(image.attempt)}</span><${Badge} status=${image.status} words=${m.imageStatuses} />
          ${image.lastDecision?.feedback && html`<q>${image.lastDecision.feedback}</q>`}</figcaption>`}
    </figure>
  `;
}
