// The third step: every scene with its attempts side by side.
import { approveImage, can, chooseImage, rejectImage } from "../core/decisions.js";
import { useKeys } from "../core/keys.js";
import { navigate, scriptPath } from "../core/router.js";
import { select } from "../core/selection.js";
import { thing } from "../core/store.js";
import { html, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Attempts } from "../parts/attempts.js";
import { Button, Link } from "../parts/controls.js";
import { JobState } from "../parts/job_state.js";
import { useProgressive } from "../parts/progressive.js";
import { PromptDialog } from "../parts/prompt_dialog.js";
import { RejectForm } from "../parts/reject_form.js";
import { Pick, SelectionBar } from "../parts/selection_bar.js";
import { Empty } from "../parts/states.js";
import { isActive } from "../parts/stepper.js";
import { focusScene } from "./scenes.js";

/** @typedef {import("../core/types").Script} Script */
/** @typedef {import("../core/types").Scene} Scene */
/** @typedef {import("../core/types").Picture} Picture */

const FILTERS = /** @type {const} */ (["all", "waiting", "missing"]);

/** What a scene is short of. @param {Scene} scene @returns {"done" | "waiting" | "missing"} */
function shortOf(scene) {
  const images = (scene.images ?? []).map((id) => thing(id));
  if (images.some((image) => image?.status === "PENDING")) return "waiting";
  const chosen = thing(scene.chosenImage);
  return chosen && !chosen.stale ? "done" : "missing";
}

/** @param {{script: Script}} props */
export function ImagesView({ script }) {
  const [filter, setFilter] = useState(/** @type {typeof FILTERS[number]} */ ("all"));
  const [asks, setAsks] = useState(/** @type {string | null} */ (null));
  const scenes = /** @type {Scene[]} */ ((script.scenes ?? []).map((id) => thing(id)).filter(Boolean));
  const wanted = filter === "all" ? scenes : scenes.filter((scene) => shortOf(scene) === filter);
  const place = (/** @type {string} */ id) => (script.scenes ?? []).indexOf(id) + 1;
  const shown = useProgressive(wanted.length);
  const waits = scenes.filter((scene) => shortOf(scene) === "waiting").length;
  const open = wanted.flatMap((scene) => scene.images ?? []).filter((id) => can(thing(id), "REJECT"));
  const focused = () => wanted.find((scene) => document.activeElement?.closest("[data-scene]")?.getAttribute("data-scene") === scene.id) ?? null;
  /** @param {number} by */
  const step = (by) => {
    const at = wanted.indexOf(/** @type {Scene} */ (focused()));
    focusScene(wanted[Math.max(0, Math.min(wanted.length - 1, at < 0 ? 0 : at + by))]?.id ?? "");
  };
  useKeys(m.keysImages, [
    { keys: ["J", "ArrowDown"], label: m.keyNext, run: () => step(1) },
    { keys: ["K", "ArrowUp"], label: m.keyPrevious, run: () => step(-1) },
    { keys: ["G"], label: m.another, run: () => setAsks(focused()?.id ?? null), when: () => can(focused(), "GENERATE") },
  ]);
  if (!scenes.length) return html`<${Empty} title=${m.imagesLater}><p>${m.imagesLaterHint}</p><${Link} to=${scriptPath(script.id, "scenes")} class="button is-main">${m.toScenes}<//><//>`;
  const illustrated = scenes.filter((scene) => thing(scene.chosenImage)?.stale === false).length;
  return html`
    <section aria-label=${m.stages.images}>
      <div class="stage-tools">
        <p role="status">${m.illustratedOf(illustrated, scenes.length)}</p>
        <div class="choice" role="group" aria-label=${m.whichScenes}>
          ${FILTERS.map((one) => html`<button type="button" key=${one} aria-pressed=${filter === one} onClick=${() => setFilter(one)}>${m.imageFilters[one]}</button>`)}
        </div>
        ${open.length > 0 && html`<${Button} label=${m.selectAll(open.length)} onClick=${() => select(open)} />`}
        ${waits > 0 && html`<${Link} to=${scriptPath(script.id, "review")} class="button">${m.reviewOneByOne}<kbd aria-hidden="true">V</kbd><//>`}
      </div>
      ${wanted.length === 0 && html`<${Empty} title=${m.noneOfThese}><p>${m.noneOfTheseHint}</p><//>`}
      <ol class="image-rows">${wanted.slice(0, shown).map((scene) => html`<${ImageRow} key=${scene.id} id=${scene.id} scriptId=${script.id} place=${place(scene.id)} open=${open} ask=${() => setAsks(scene.id)} />`)}</ol>
      <${SelectionBar} order=${open} focus=${focusScene} />
      ${asks && html`<${PromptDialog} sceneId=${asks} place=${place(asks)} onClose=${() => setAsks(null)} />`}
    </section>
  `;
}

/** @param {{id: string, scriptId: string, place: number, open: string[], ask: () => void}} props `open`: all images that can be selected */
function ImageRow({ id, scriptId, place, open, ask }) {
  const [rejects, setRejects] = useState(/** @type {string | null} */ (null));
  /** @type {Scene} */
  const scene = thing(id);
  const job = thing(scene.generation);
  const isWorking = isActive(job) || ["FAILED", "PARKED"].includes(job?.state ?? "");
  /** @param {Picture} image */
  const under = (image) => html`
    <${Pick} image=${image} order=${open} />
    ${rejects === image.id && can(image, "REJECT")
      ? html`<${RejectForm} draftKey=${`why:${image.id}`} send=${(/** @type {string} */ reason) => rejectImage(image, reason)} onDone=${() => { setRejects(null); focusScene(id); }} />`
      : html`<div class="attempt-actions">
          ${can(image, "APPROVE") && html`<${Button} label=${image.stale ? m.approveStale : m.approve} icon="approve" kind="is-small is-approve" onClick=${() => { approveImage(image); focusScene(id); }} />`}
          ${can(image, "REJECT") && html`<${Button} label=${m.reject} icon="reject" kind="is-small" onClick=${() => setRejects(image.id)} />`}
          ${can(image, "CHOOSE") && scene.chosenImage !== image.id && html`<${Button} label=${m.choose} kind="is-small" onClick=${() => chooseImage(image)} />`}
        </div>`}
  `;
  return html`
    <li class="image-row" data-scene=${id} tabindex="-1" aria-label=${m.sceneLabel(place, scene.title)}>
      <div class="image-row-words">
        <h2><span class="place">${place}</span> <bdi>${scene.title ?? m.sceneNumber(place)}</bdi></h2>
        <p class="excerpt" dir="auto">${scene.text}</p>
        ${can(scene, "GENERATE") && html`<${Button} label=${m.another} icon="plus" kind="is-small is-quiet" onClick=${ask} />`}
      </div>
      <div class="image-row-pictures">
        <${Attempts} scene=${scene} width=${300} onPick=${(/** @type {string} */ image) => navigate(`${scriptPath(scriptId, "review")}?at=${image}`)} under=${under} />
        ${isWorking && html`<div class="attempt-coming"><${JobState} job=${job} what=${m.imageAtWork} onPrompt=${ask} /></div>`}
        ${!scene.images?.length && !isWorking && html`<p class="no-picture is-wide"><span>${scene.status === "APPROVED" ? m.noImageYet : m.imageAfterApproval}</span></p>`}
      </div>
    </li>
  `;
}
