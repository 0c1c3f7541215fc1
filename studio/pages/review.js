// Review: one thing large, a decision with one key, the next one.
import { undo } from "../core/commands.js";
import { approveImage, approveScene, can, chooseImage } from "../core/decisions.js";
import { SCENE_WHOLE } from "../core/documents.js";
import { useKeys } from "../core/keys.js";
import { whisper } from "../core/notices.js";
import { isOpen, useQueue } from "../core/queue.js";
import { route, scriptPath } from "../core/router.js";
import { peek, thing } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { read, useScript } from "../core/watch.js";
import { m } from "../messages.js";
import { Link } from "../parts/controls.js";
import { source } from "../parts/picture.js";
import { PromptDialog } from "../parts/prompt_dialog.js";
import { ReviewBar } from "../parts/review_bar.js";
import { ReviewSide } from "../parts/review_side.js";
import { ReviewStage } from "../parts/review_stage.js";
import { WORDS_KEYS } from "../parts/scene_text.js";
import { Empty, Failure, Loading } from "../parts/states.js";
import { useTitle } from "../parts/title.js";

/** @typedef {import("../core/types").Scene} Scene */
/** @typedef {import("../core/types").Picture} Picture */
/** @typedef {"reject" | "prompt" | null} Asking */

const AHEAD = 2;

/** @param {{scriptId: string | null}} props */
export function ReviewPage({ scriptId }) {
  useTitle(m.navReview);
  const start = useRef(route.peek().query.get("at"));
  const { ids, state, why, reload } = useQueue(scriptId, start.current);
  const [at, setAt] = useState(/** @type {string | null} */ (start.current));
  const id = at && (ids.includes(at) || peek(at)) ? at : ids.find((one) => thing(one) && isOpen(one)) ?? null;
  useEffect(() => {
    if (id && id !== at) setAt(id);  // it stays on the screen when someone else decides about it
  }, [id]);
  if (state === "loading" && !id) return html`<div class="page"><h1 class="unseen">${m.navReview}</h1><${Loading} rows=${3} /></div>`;
  if (state === "failed") return html`<div class="page"><h1 class="unseen">${m.navReview}</h1><${Failure} why=${why} onRetry=${reload} /></div>`;
  if (!id) return html`<${NothingWaits} scriptId=${scriptId} />`;
  return html`<${Reviewing} ids=${ids} id=${id} show=${setAt} scriptId=${scriptId} />`;
}

/** @param {{scriptId: string | null}} props */
function NothingWaits({ scriptId }) {
  return html`
    <div class="page"><h1 class="unseen">${m.navReview}</h1>
      <${Empty} title=${m.nothingWaits}><p>${m.nothingWaitsHint}</p>
        ${scriptId
          ? html`<${Link} to=${scriptPath(scriptId)} class="button is-main">${m.backToScript}<//>`
          : html`<${Link} to="/" class="button is-main">${m.toScripts}<//>`}
      <//>
    </div>
  `;
}

/** Keeps a script live while one of its things is looked at. @param {{id: string}} props */
function Keeper({ id }) {
  useScript(id);
  return null;
}

/** @param {{ids: string[], id: string, show: (id: string | null) => void, scriptId: string | null}} props */
function Reviewing({ ids, id, show, scriptId }) {
  const [asking, setAsking] = useState(/** @type {Asking} */ (null));
  const [isZoomed, setZoomed] = useState(false);
  const [compares, setCompares] = useState(false);
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const item = thing(id);
  const image = /** @type {Picture | null} */ (item.__typename === "Image" ? item : null);
  /** @type {Scene} */
  const scene = image ? thing(image.scene) : item;
  const place = ids.indexOf(id);

  const go = (/** @type {string | null | undefined} */ to) => {
    setAsking(null);
    setZoomed(false);
    if (to) show(to);
  };
  /** @param {number} by */
  const step = (by) => go(ids[Math.max(0, Math.min(ids.length - 1, (place < 0 ? -1 : place) + by))]);
  /** To what waits next, after this one or before it; to the end of the review if nothing does. */
  const advance = () => {
    const rest = [...ids.slice(place + 1), ...ids.slice(0, Math.max(0, place))];
    go(rest.find(isOpen));
    if (!rest.some(isOpen)) show(null);
  };
  const approve = () => {
    if (image ? !can(image, "APPROVE") : !can(scene, "APPROVE")) return;
    if (image) approveImage(image);
    else approveScene(scene);
    advance();
  };
  const closeForm = (/** @type {boolean} */ isSent) => {
    setAsking(null);
    frame.current?.focus();
    if (isSent) advance();
  };
  useKeys(m.keysReview, [
    { keys: ["A"], label: m.approve, run: approve },
    ...(image ? [{ keys: ["R"], label: m.keyReject, run: () => setAsking("reject"), when: () => can(image, "REJECT") }] : []),
    { keys: ["J", "ArrowRight", "ArrowDown"], label: m.keyNext, run: () => step(1) },
    { keys: ["K", "ArrowLeft", "ArrowUp"], label: m.keyPrevious, run: () => step(-1) },
    { keys: ["U"], label: m.undo, run: () => go(undo()) },
    ...(image ? [{ keys: ["Z"], label: m.zoom, run: () => setZoomed(!isZoomed) }, { keys: ["C"], label: m.compare, run: () => setCompares(!compares) }] : []),
    ...(can(scene, "GENERATE") ? [{ keys: ["G"], label: m.another, run: () => setAsking("prompt") }] : []),
    { keys: ["E"], label: m.keyEdit, run: () => /** @type {HTMLElement | null} */ (frame.current?.querySelector(".words"))?.focus() },
    ...WORDS_KEYS,
    ...(image ? [{ keys: ["Escape"], label: m.keyBack, run: () => { setZoomed(false); setCompares(false); } }] : []),
  ]);
  useEffect(() => {
    for (const next of ids.slice(place + 1, place + 1 + AHEAD)) {
      const found = peek(next);
      if (found?.__typename === "Image") new Image().src = source(found, 1_600);
    }
    whisper(image ? m.nowImage(scene.order, image.attempt, place + 1, ids.length) : m.nowScene(scene.order, place + 1, ids.length));
    const timer = setTimeout(() => read(SCENE_WHOLE, { id: scene.id }).catch(() => {}), 80);
    return () => clearTimeout(timer);
  }, [id]);

  return html`
    <div class="review" data-scene=${scene.id} ref=${frame} tabindex="-1" role="group" aria-label=${m.navReview}>
      ${scene.script && html`<${Keeper} key=${scene.script} id=${scene.script} />`}
      <h1 class="unseen">${m.navReview}</h1>
      <${ReviewStage} image=${image} scene=${scene} isZoomed=${isZoomed} compares=${compares} onZoom=${() => setZoomed(!isZoomed)} />
      <${ReviewSide} image=${image} scene=${scene} onPick=${go} />
      <${ReviewBar} image=${image} scene=${scene} place=${place + 1} count=${ids.length} open=${ids.filter((one) => thing(one) && isOpen(one)).length} asking=${asking}
        isZoomed=${isZoomed} compares=${compares} step=${step} approve=${approve} ask=${setAsking} closeForm=${closeForm} zoom=${() => setZoomed(!isZoomed)}
        compare=${() => setCompares(!compares)} choose=${() => image && chooseImage(image)} back=${scriptId} />
      ${asking === "prompt" && html`<${PromptDialog} sceneId=${scene.id} place=${scene.order} onClose=${() => setAsking(null)} />`}
    </div>
  `;
}
