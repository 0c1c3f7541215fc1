// The four steps of a script, and how far each is.
import { scriptPath } from "../core/router.js";
import { peek, thing } from "../core/store.js";
import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Link } from "./controls.js";
import { Icon } from "./icons.js";

/** @typedef {"script" | "scenes" | "images" | "video"} Stage */
/** @typedef {{stage: Stage, state: "done" | "now" | "later" | "bad", said: string}} Step */

const ACTIVE = ["QUEUED", "RUNNING", "RETRYING"];

/** @param {import("../core/types").Job | null} job */
export const isActive = (job) => job !== null && ACTIVE.includes(job.state);

/** What is made anew elsewhere once it has ended is not retried. @param {import("../core/types").Job} job */
export function canRetry({ kind, state }) {
  if (state === "FAILED") return kind !== "COMPILE_VIDEO";
  return state === "PARKED" || state === "RETRYING" || (state === "CANCELLED" && kind === "SEGMENT_SCRIPT");
}

/** @param {import("../core/types").Script} script @returns {Step[]} */
export function stepsOf(script) {
  const { scenes = 0, scenesApproved = 0, scenesIllustrated = 0 } = script.progress ?? {};
  const segmentation = thing(script.segmentation);
  const video = thing(script.latestVideo);
  const isApproved = script.status === "APPROVED";
  /** @type {Step["state"]} */
  const cutting = !isApproved ? "later" : scenes > 0 && scenesApproved === scenes ? "done" : segmentation && !isActive(segmentation) && scenes === 0 ? "bad" : "now";
  return [
    { stage: "script", state: isApproved ? "done" : "now", said: isApproved ? m.stepApproved : m.stepDraft },
    { stage: "scenes", state: cutting, said: scenes ? m.of(scenesApproved, scenes) : isActive(segmentation) ? m.stepCutting : "" },
    { stage: "images", state: !scenesApproved ? "later" : scenesIllustrated === scenes ? "done" : "now", said: scenes ? m.of(scenesIllustrated, scenes) : "" },
    { stage: "video", ...videoStep(video, scenes > 0 && scenesIllustrated === scenes) },
  ];
}

/** @param {import("../core/types").Video | null} video @param {boolean} isReady @returns {{state: Step["state"], said: string}} */
function videoStep(video, isReady) {
  if (!video) return { state: isReady ? "now" : "later", said: isReady ? m.stepReady : "" };
  if (video.status === "APPROVED") return { state: video.stale && isReady ? "now" : "done", said: video.stale ? m.stepStale : m.stepMade };
  if (video.status === "PENDING") return { state: "now", said: m.percent(peek(video.compilation)?.progress.fraction ?? 0) };
  return { state: "bad", said: m.stepFailed };
}

/** Where the next decision is. @param {import("../core/types").Script} script @returns {Stage} */
export function presentStage(script) {
  const steps = stepsOf(script);
  if (steps[0].state !== "done") return "script";
  const { scenes = 0, scenesApproved = 0, scenesIllustrated = 0 } = script.progress ?? {};
  if (scenes === 0 || scenesApproved < scenes) return "scenes";
  return scenesIllustrated < scenes ? "images" : "video";
}

/** @param {{script: import("../core/types").Script, stage: string}} props */
export function Stepper({ script, stage }) {
  return html`
    <nav class="stepper" aria-label=${m.stepsLabel}>
      <ol>
        ${stepsOf(script).map((step, at) => html`
          <li key=${step.stage} class=${`is-${step.state}`}>
            <${Link} to=${scriptPath(script.id, step.stage)} aria-current=${stage === step.stage ? "step" : undefined}>
              <span class="step-sign" aria-hidden="true">${step.state === "done" ? html`<${Icon} name="approve" />` : step.state === "bad" ? html`<${Icon} name="stop" />` : at + 1}</span>
              <span class="step-words"><span>${m.stages[step.stage]}</span><small>${step.said || m.stepLater}</small></span>
            <//>
          </li>
        `)}
      </ol>
      <div class="stepper-more">
        <${Link} to=${scriptPath(script.id, "history")} aria-current=${stage === "history" ? "page" : undefined}>${m.history}<//>
        <${Link} to=${scriptPath(script.id, "jobs")} aria-current=${stage === "jobs" ? "page" : undefined}>${m.navJobs}<//>
      </div>
    </nav>
  `;
}
