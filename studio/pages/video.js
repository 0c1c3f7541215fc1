// The last step: make a video, watch it, take it away.
import { ask } from "../core/api.js";
import { command } from "../core/commands.js";
import { PROVIDERS } from "../core/documents.js";
import { duration, exactly, size, when } from "../core/format.js";
import { useKeys } from "../core/keys.js";
import { scriptPath } from "../core/router.js";
import { choicesOf, forgetChoices, renderInput } from "../core/rendering.js";
import { amend, thing } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Badge, Button, Link, Tag } from "../parts/controls.js";
import { Icon } from "../parts/icons.js";
import { JobState } from "../parts/job_state.js";
import { source } from "../parts/picture.js";
import { RenderOptions } from "../parts/render_options.js";
import { VideoEstimate } from "../parts/video_estimate.js";

/** @typedef {import("../core/types").Script} Script */
/** @typedef {import("../core/types").Video} Video */

const FILES = /** @type {const} */ (["captions", "subtitles", "poster", "preview", "manifest"]);

/** @param {{script: Script}} props */
export function VideoView({ script }) {
  const [picked, setPicked] = useState(/** @type {string | null} */ (null));
  const videos = /** @type {Video[]} */ ((script.videos ?? []).map((id) => thing(id)).filter(Boolean));
  const id = picked ?? videos.find((one) => one.status !== "REJECTED")?.id ?? videos[0]?.id ?? null;
  const video = videos.find((one) => one.id === id) ?? null;
  return html`
    <section class="video-page" aria-label=${m.stages.video}>
      <div class="video-main">
        ${video ? html`<${Shown} key=${video.id} video=${video} script=${script} />` : html`<${NoVideo} script=${script} />`}
        ${videos.length > 1 && html`
          <section class="versions" aria-label=${m.versions}><h2>${m.versions}</h2><ul>
            ${videos.map((one, at) => html`<li key=${one.id}>
              <button type="button" aria-pressed=${one.id === id} onClick=${() => setPicked(one.id)}>
                <span>${m.version(videos.length - at)}</span><${Badge} status=${one.status} words=${m.videoStatuses} /><time class="meta" datetime=${one.createdAt} title=${exactly(one.createdAt)}>${when(one.createdAt)}</time>
              </button></li>`)}
          </ul></section>`}
      </div>
      <${Make} script=${script} videos=${videos} onMade=${setPicked} />
    </section>
  `;
}

/** @param {{script: Script}} props */
function NoVideo({ script }) {
  const images = (script.scenes ?? []).map((id) => thing(thing(id)?.chosenImage)).filter(Boolean).slice(0, 9);
  const few = images.length < 9 ? images.slice(0, 1) : images;
  return html`
    <div class="screen is-empty">
      ${few.length > 0 && html`<div class=${`screen-pictures ${few.length > 1 ? "is-many" : ""}`} aria-hidden="true">${few.map((image) => html`<img key=${image.id} src=${source(image, few.length > 1 ? 300 : 640)} alt="" />`)}</div>`}
      <p>${m.noVideo}</p>
    </div>
  `;
}

/** @param {{video: Video, script: Script}} props */
function Shown({ video, script }) {
  const player = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const job = thing(video.compilation);
  const isReady = video.status === "APPROVED" && video.file !== null;
  const first = thing(thing(script.scenes?.[0])?.chosenImage);
  const poster = video.posterUrl ?? (first ? source(first, 800) : undefined);
  const name = (script.title ?? "").replace(/[^\p{L}\p{N} _-]+/gu, "").trim() || "video";
  const files = FILES.map((kind) => ({ kind, url: video[`${kind}Url`] })).filter(({ url }) => url);
  const seek = (/** @type {number} */ by) => {
    if (player.current) player.current.currentTime = Math.max(0, Math.min(player.current.duration, player.current.currentTime + by));
  };
  useKeys(m.keysVideo, !isReady ? [] : [
    { keys: [" "], label: m.keyPlay, run: () => void (player.current?.paused ? player.current.play() : player.current?.pause()) },
    { keys: ["ArrowRight"], label: m.keyForward, run: () => seek(5) },
    { keys: ["ArrowLeft"], label: m.keyBackward, run: () => seek(-5) },
    { keys: ["F"], label: m.keyFull, run: () => void player.current?.requestFullscreen() },
  ]);
  if (!isReady) {
    return html`
      <div class="screen is-waiting">
        ${first && html`<img class="screen-still" src=${source(first, 800)} alt="" />`}
        <div class="screen-says" role="status">
          ${video.status === "PENDING" ? html`<${JobState} job=${job} what=${m.videoAtWork} />` : html`<div class="trouble"><p><strong>${m.videoStatuses.REJECTED}</strong> ${video.error ?? ""}</p>${job?.state === "FAILED" && html`<p>${m.videoAgainHint}</p>`}</div>`}
        </div>
      </div>
    `;
  }
  return html`
    <video class="screen" ref=${player} controls playsinline preload="metadata" poster=${poster} src=${video.file} width=${video.across} height=${video.down} aria-label=${m.videoLabel(script.title ?? "")}>
      ${video.captionsUrl && html`<track kind="captions" src=${video.captionsUrl} srclang="en" label=${m.captions} />`}
    </video>
    <div class="video-facts">
      <p class="meta"><span>${duration(video.durationSeconds ?? 0)}</span><span>${video.across} × ${video.down}</span><span>${size(video.byteSize ?? 0)}</span>
        <time datetime=${video.updatedAt} title=${exactly(video.updatedAt)}>${when(video.updatedAt)}</time></p>
      ${video.stale && html`<${Tag} icon="stale" tone="is-stale">${m.videoStale}<//>`}
      <span class="spring"></span>
      <a class="button is-main" href=${video.file} download=${`${name}.mp4`}><${Icon} name="download" /><span>${m.download}</span></a>
    </div>
    ${files.length > 0 && html`<ul class="video-files" aria-label=${m.files}>
      ${files.map(({ kind, url }) => html`<li key=${kind}><a href=${url} download=${`${name}.${url?.split(".").at(-1)}`}>${m.deliverables[kind]}</a></li>`)}</ul>`}
  `;
}

/** @param {{script: Script, videos: Video[], onMade: (id: string) => void}} props */
function Make({ script, videos, onMade }) {
  const [isBusy, setBusy] = useState(false);
  const [hasVoice, setVoice] = useState(true);
  const scenes = (script.scenes ?? []).map((id) => thing(id)).filter(Boolean);
  const choices = choicesOf(script);
  const render = renderInput(choices, script.scenes ?? []);
  const short = scenes.map((scene) => ({ scene, why: shortfall(scene) })).filter((one) => one.why);
  const isReady = scenes.length > 0 && short.length === 0;
  const newest = videos.find((one) => one.status !== "REJECTED");
  useEffect(() => {
    ask(PROVIDERS).then(({ providers }) => setVoice(providers.some((/** @type {any} */ one) => one.role === "SPEECH" && one.provider !== "none")), () => {});
  }, []);
  const make = async () => {
    if (!isReady || isBusy) return;
    setBusy(true);
    const done = await command("createVideo", { scriptId: script.id, ...(render ? { render } : {}) });
    setBusy(false);
    if (!done?.video) return;
    amend(script.id, { videos: [done.video, ...(script.videos ?? []).filter((id) => id !== done.video)] });
    forgetChoices(script.id);
    onMade(done.video);
  };
  useKeys(m.keysMake, [{ keys: ["Ctrl+Enter"], label: m.makeVideo, run: () => void make(), inText: true }]);
  return html`
    <aside class="side" aria-label=${m.makeVideo}>
      <h2>${newest ? m.makeAnother : m.makeVideo}</h2>
      ${isReady ? html`<p>${m.readyForVideo(scenes.length)}</p>` : html`<p>${scenes.length ? m.notReady(short.length) : m.noScenesYet}</p>`}
      ${short.length > 0 && html`<ul class="shortfalls">${short.slice(0, 8).map(({ scene, why }) => html`
        <li key=${scene.id}><${Link} to=${scriptPath(script.id, why === "SCENE_PENDING" ? "scenes" : "images")}>${m.sceneNumber(scene.order)}<//> ${m.shortfalls[/** @type {"SCENE_PENDING"} */ (why)]}</li>`)}
        ${short.length > 8 && html`<li>${m.andMore(short.length - 8)}</li>`}</ul>`}
      <${RenderOptions} script=${script} choices=${choices} hasVoice=${hasVoice} />
      <div class="make">
        ${scenes.length > 0 && html`<${VideoEstimate} script=${script} scenes=${scenes} choices=${choices} render=${render} />`}
        <${Button} label=${newest ? m.makeAnother : m.makeVideo} icon="play" kind="is-main is-large" keys="Ctrl+Enter" disabled=${!isReady || isBusy} onClick=${make} />
        ${newest && !newest.stale && newest.status === "APPROVED" && html`<p class="hint">${m.sameAgain}</p>`}
      </div>
    </aside>
  `;
}

/** @param {import("../core/types").Scene} scene */
function shortfall(scene) {
  if (scene.status !== "APPROVED") return "SCENE_PENDING";
  const chosen = thing(scene.chosenImage);
  if (chosen) return chosen.stale ? "IMAGE_STALE" : null;
  return (scene.images ?? []).some((id) => thing(id)?.status === "PENDING") ? "IMAGE_PENDING" : "IMAGE_MISSING";
}
