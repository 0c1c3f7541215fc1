// What belongs to the thing under review: its script, its words, the attempts before it, what it was made from.
import { spent } from "../core/format.js";
import { scriptPath } from "../core/router.js";
import { thing } from "../core/store.js";
import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Attempts } from "./attempts.js";
import { Badge, Link, Tag } from "./controls.js";
import { JobState } from "./job_state.js";
import { SceneText } from "./scene_text.js";

/** @param {{image: import("../core/types").Picture | null, scene: import("../core/types").Scene, onPick: (id: string) => void}} props */
export function ReviewSide({ image, scene, onPick }) {
  const script = thing(scene.script);
  const job = thing(scene.generation);
  const count = script?.scenes?.length ?? script?.progress?.scenes;
  return html`
    <aside class="review-side" aria-label=${m.aboutThis}>
      <p class="meta">${scene.script && html`<${Link} to=${scriptPath(scene.script, "scenes")}><bdi>${script?.title ?? m.theScript}</bdi><//>`}</p>
      ${image && html`<h2><span class="place">${scene.order}</span> <bdi>${scene.title ?? m.sceneNumber(scene.order)}</bdi>${count ? html` <small>${m.ofScenes(count)}</small>` : null}</h2>`}
      <p class="tags"><${Badge} status=${scene.status} words=${m.sceneStatuses} />${image?.stale && html`<${Tag} icon="stale" tone="is-stale">${m.stale}<//>`}</p>
      ${image && html`<${SceneText} key=${scene.id} scene=${scene} place=${scene.order} />`}
      ${image?.stale && html`<p class="hint">${m.staleHint}</p>`}
      ${job && html`<${JobState} job=${job} what=${m.imageAtWork} isCompact />`}
      ${(scene.images?.length ?? 0) > (image ? 1 : 0) && html`<section><h3>${m.attemptsTitle}</h3><${Attempts} scene=${scene} width=${140} current=${image?.id ?? ""} onPick=${onPick} /></section>`}
      ${image?.prompt && html`<details class="prompt"><summary>${m.promptShown}</summary><p dir="auto">${image.prompt}</p></details>`}
      ${image?.cost && html`<p class="meta">${spent(image.cost)}</p>`}
    </aside>
  `;
}
