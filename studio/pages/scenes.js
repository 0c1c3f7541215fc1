// The storyboard: every scene a row with its words and its picture.
import { approveScene, approveScenes, can } from "../core/decisions.js";
import { draft } from "../core/drafts.js";
import { atMost, money } from "../core/format.js";
import { keyLabel, useKeys } from "../core/keys.js";
import { choicesOf } from "../core/rendering.js";
import { scriptPath } from "../core/router.js";
import { isContested, mergeScenes, moveScene, saveTitle } from "../core/scene_edits.js";
import { peek, thing } from "../core/store.js";
import { undo } from "../core/commands.js";
import { html, useRef, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Badge, Button, Link, Menu, Tag } from "../parts/controls.js";
import { Dialog } from "../parts/dialog.js";
import { dragRow } from "../parts/dragging.js";
import { Icon } from "../parts/icons.js";
import { JobState } from "../parts/job_state.js";
import { Photo } from "../parts/picture.js";
import { useProgressive } from "../parts/progressive.js";
import { SceneLook, lookWords } from "../parts/scene_options.js";
import { SceneText, WORDS_KEYS } from "../parts/scene_text.js";
import { Empty } from "../parts/states.js";
import { isActive } from "../parts/stepper.js";

/** @typedef {import("../core/types").Script} Script */
/** @typedef {import("../core/types").Scene} Scene */

/** @param {string} id */
export function focusScene(id) {
  const row = document.querySelector(`[data-scene="${id}"]`);
  if (!(row instanceof HTMLElement)) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/** The scene that has the focus, or null. */
function focused() {
  const row = document.activeElement?.closest("[data-scene]");
  return row instanceof HTMLElement ? row.dataset.scene ?? null : null;
}

/** @param {{script: Script}} props */
export function ScenesView({ script }) {
  const ids = script.scenes ?? [];
  const shown = useProgressive(ids.length);
  const looks = choicesOf(script).scenes;
  /** @param {number} by */
  const step = (by) => {
    const at = ids.indexOf(focused() ?? "");
    focusScene(ids[Math.max(0, Math.min(ids.length - 1, at < 0 ? 0 : at + by))] ?? "");
  };
  /** @param {(scene: Scene, at: number) => void} act */
  const onFocused = (act) => () => {
    const scene = peek(focused());
    if (scene) act(scene, ids.indexOf(scene.id));
  };
  const hasFocus = () => focused() !== null;
  useKeys(m.keysScenes, [
    { keys: ["J", "ArrowDown"], label: m.keyNext, run: () => step(1) },
    { keys: ["K", "ArrowUp"], label: m.keyPrevious, run: () => step(-1) },
    { keys: ["A"], label: m.keyApproveScene, run: onFocused((scene, at) => { approveScene(scene); focusScene(ids[at + 1] ?? scene.id); }), when: hasFocus },
    { keys: ["U"], label: m.undo, run: () => { const id = undo(); if (id) focusScene(id); } },
    { keys: ["E", "Enter"], label: m.keyEdit, run: onFocused((scene) => /** @type {HTMLElement | null} */ (document.querySelector(`[data-scene="${scene.id}"] .words`))?.focus()), when: hasFocus },
    { keys: ["M"], label: m.merge, run: onFocused((scene, at) => void merge(scene.id, ids[at + 1])), when: hasFocus },
    { keys: ["Alt+ArrowUp"], label: m.moveUp, run: onFocused((scene, at) => move(script.id, scene.id, at - 1)), when: hasFocus },
    { keys: ["Alt+ArrowDown"], label: m.moveDown, run: onFocused((scene, at) => move(script.id, scene.id, at + 1)), when: hasFocus },
    ...WORDS_KEYS,
  ]);
  if (ids.length === 0) return html`<${NoScenes} script=${script} />`;
  return html`
    <section aria-label=${m.stages.scenes}>
      <${Tools} script=${script} ids=${ids} />
      <ol class="storyboard">
        ${ids.slice(0, shown).map((id, at) => html`<${SceneRow} key=${id} id=${id} place=${at + 1} scriptId=${script.id} nextId=${ids[at + 1] ?? null} count=${ids.length} look=${looks[id]} />`)}
      </ol>
    </section>
  `;
}

/** @param {string} scriptId @param {string} id @param {number} to */
function move(scriptId, id, to) {
  moveScene(scriptId, id, to);
  requestAnimationFrame(() => focusScene(id));
}

/** @param {string} id @param {string | undefined | null} nextId */
async function merge(id, nextId) {
  if (nextId && (await mergeScenes(id, nextId))) focusScene(id);
}

/** @param {{script: Script}} props */
function NoScenes({ script }) {
  const job = thing(script.segmentation);
  if (script.status === "DRAFT") {
    return html`<${Empty} title=${m.scenesLater}><p>${m.scenesLaterHint}</p><${Link} to=${scriptPath(script.id, "script")} class="button is-main">${m.toText}<//><//>`;
  }
  return html`<div class="stage-job" role="status"><${JobState} job=${job} what=${m.cutting} />${job?.state === "SUCCEEDED" ? html`<p>${m.loading}</p>` : null}</div>`;
}

/** @param {{script: Script, ids: string[]}} props */
function Tools({ script, ids }) {
  const [asks, setAsks] = useState(false);
  const scenes = /** @type {Scene[]} */ (ids.map((id) => thing(id)).filter(Boolean));
  const open = scenes.filter((scene) => can(scene, "APPROVE"));
  const amount = open.reduce((sum, scene) => sum + Number(scene.estimate?.amount ?? 0), 0);
  const paid = open.filter((scene) => (scene.estimate?.calls ?? 0) > 0);
  return html`
    <div class="stage-tools">
      <p role="status">${m.scenesApprovedOf(scenes.length - open.length, scenes.length)}</p>
      <p class="meta is-wide-only">${m.storyboardHint(keyLabel("Ctrl+Enter"))}</p>
      ${open.length > 0 && html`<${Button} label=${m.approveAll(open.length)} icon="approve" onClick=${() => setAsks(true)} />`}
      <${Dialog} title=${m.approveAllTitle(open.length)} open=${asks} onClose=${() => setAsks(false)}>
        <p>${m.approveAllWords(open.length)}</p>
        <p><strong>${paid.length ? m.atMost(money(String(amount), paid[0].estimate?.currency ?? "USD")) : m.costFree}</strong></p>
        <div class="actions">
          <${Button} label=${m.approveAll(open.length)} kind="is-main is-large" onClick=${() => { setAsks(false); approveScenes(open); }} />
          <${Button} label=${m.cancel} kind="is-large" onClick=${() => setAsks(false)} />
        </div>
      <//>
    </div>
  `;
}

/** @param {{id: string, place: number, scriptId: string, nextId: string | null, count: number, look: import("../core/rendering.js").Look | undefined}} props */
function SceneRow({ id, place, scriptId, nextId, count, look }) {
  const [asks, setAsks] = useState(false);
  const row = useRef(/** @type {HTMLElement | null} */ (null));
  /** @type {Scene | null} */
  const scene = thing(id);
  const isUnsaved = draft(id) !== null;
  if (!scene) return html`<li class="scene-row shape" data-scene=${id}></li>`;
  /** @param {KeyboardEvent} event */
  const byKey = (event) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const handle = /** @type {HTMLElement} */ (event.currentTarget);
    moveScene(scriptId, id, place - 1 + by);
    requestAnimationFrame(() => { handle.focus(); row.current?.scrollIntoView({ block: "nearest" }); });
  };
  const cost = atMost(scene.estimate);
  return html`
    <li class=${`scene-row is-${scene.status.toLowerCase()}`} data-scene=${id} tabindex="-1" ref=${row} aria-label=${m.sceneLabel(place, scene.title)}>
      <div class="scene-place">
        <button type="button" class="handle" aria-label=${m.moveScene(place)} title=${m.moveHint} onKeyDown=${byKey}
          onPointerDown=${(/** @type {PointerEvent} */ event) => row.current && dragRow(event, row.current, (to) => moveScene(scriptId, id, to))}><${Icon} name="drag" /></button>
        <span class="place" aria-hidden="true">${place}</span>
      </div>
      <div class="scene-main">
        <div class="scene-top">
          <input type="text" class="scene-title" dir="auto" maxlength="300" value=${scene.title ?? ""} placeholder=${m.sceneUntitled} aria-label=${m.titleOfScene(place)}
            onChange=${(/** @type {any} */ event) => void saveTitle(id, event.target.value)} />
          <${Badge} status=${scene.status} words=${m.sceneStatuses} />
          <${Menu} label=${m.moreOfScene(place)}>
            <button type="button" disabled=${!nextId} onClick=${() => void merge(id, nextId)}><${Icon} name="merge" />${m.merge}</button>
            <button type="button" disabled=${place === 1} onClick=${() => move(scriptId, id, place - 2)}><${Icon} name="up" />${m.moveUp}</button>
            <button type="button" disabled=${place === count} onClick=${() => move(scriptId, id, place)}><${Icon} name="down" />${m.moveDown}</button>
            <button type="button" onClick=${() => setAsks(true)}><${Icon} name="play" />${m.sceneInVideo}</button>
          <//>
        </div>
        <${SceneText} scene=${scene} place=${place} onSplit=${(/** @type {string} */ made) => requestAnimationFrame(() => focusScene(made))} />
        ${look && html`<p class="meta">${lookWords(look)}</p>`}
        ${can(scene, "APPROVE") && html`<div class="scene-actions">
          <${Button} label=${m.approve} icon="approve" kind="is-small is-approve" disabled=${isUnsaved && isContested(scene)} aria-label=${m.approveSceneLabel(place)} onClick=${() => { approveScene(scene); focusScene(id); }} />
          ${cost && html`<span class="meta">${cost}</span>`}
        </div>`}
      </div>
      <${ScenePicture} scene=${scene} place=${place} scriptId=${scriptId} />
      ${asks && html`<${SceneLook} scriptId=${scriptId} id=${id} place=${place} look=${look} onClose=${() => setAsks(false)} />`}
    </li>
  `;
}

/** The chosen image, or the last one, or how far it is. @param {{scene: Scene, place: number, scriptId: string}} props */
function ScenePicture({ scene, place, scriptId }) {
  const last = scene.images?.at(-1);
  const image = thing(scene.chosenImage ?? last);
  const job = thing(scene.generation);
  const isAtWork = isActive(job);
  const waits = (scene.images ?? []).some((id) => id !== image?.id && thing(id)?.status === "PENDING");
  return html`
    <div class="scene-picture">
      ${image
        ? html`<${Link} to=${`${scriptPath(scriptId, "review")}?at=${image.id}`} aria-label=${m.lookAt(place, m.imageStatuses[/** @type {import("../core/types").Status} */ (image.status)])}>
            <${Photo} image=${image} width=${280} alt="" /><//>
          <p class="picture-says">${image.stale ? html`<${Tag} icon="stale" tone="is-stale">${m.stale}<//>` : html`<${Badge} status=${image.status} words=${m.imageStatuses} />`}
            ${waits && html`<${Tag} icon="waits" tone="is-pending">${m.anotherWaits}<//>`}
            ${(scene.images?.length ?? 0) > 1 && html`<span class="meta">${m.attempts(scene.images?.length ?? 0)}</span>`}</p>`
        : !isAtWork && html`<div class="no-picture"><span>${scene.status === "APPROVED" ? m.noImageYet : m.imageAfterApproval}</span></div>`}
      ${(isAtWork || job?.state === "FAILED" || job?.state === "PARKED" || job?.state === "RETRYING") && html`<${JobState} job=${job} what=${m.imageAtWork} isCompact />`}
    </div>
  `;
}
