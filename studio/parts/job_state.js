// How a piece of machine work is: its progress, or why it stopped and what can be done.
import { command } from "../core/commands.js";
import { duration } from "../core/format.js";
import { scriptPath } from "../core/router.js";
import { thing } from "../core/store.js";
import { html, useEffect, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Bar, Button, Link } from "./controls.js";
import { canRetry, isActive } from "./stepper.js";

/** @typedef {import("../core/types").Job} Job */

/** @param {Job} job */
export const isShortOfMoney = (job) => job.state === "PARKED" && job.error?.code === "BUDGET_REACHED";

/** `onPrompt` offers a prompt of one's own where the content was refused. @param {{job: Job | null, what: string, isCompact?: boolean, onPrompt?: () => void}} props */
export function JobState({ job, what, isCompact = false, onPrompt }) {
  if (!job) return null;
  if (isActive(job) && job.state !== "RETRYING") return html`<${Working} job=${job} what=${what} isCompact=${isCompact} />`;
  if (job.state === "SUCCEEDED" || (job.state === "CANCELLED" && !canRetry(job))) return null;
  const script = thing(job.subject)?.script;
  const isRefused = job.error?.code === "PROVIDER_REFUSED";
  return html`
    <div class="trouble" role="group" aria-label=${what}>
      <p><strong>${m.jobStates[job.state]}</strong> ${job.error?.message ?? ""}</p>
      ${job.error?.nextRetryAt && html`<p class="meta"><${Until} moment=${job.error.nextRetryAt} /> ${job.attempt > 0 && html`<span>${m.attemptOf(job.attempt, job.maxAttempts)}</span>`}</p>`}
      <div class="actions">
        ${isRefused && onPrompt && html`<${Button} label=${m.ownPrompt} kind="is-small is-main" onClick=${onPrompt} />`}
        ${canRetry(job) && html`<${Button} label=${job.state === "RETRYING" ? m.retryNow : m.retry} kind=${`is-small ${isRefused ? "" : "is-main"}`} onClick=${() => void command("retryJob", { id: job.id })} />`}
        ${isShortOfMoney(job) && script && html`<${Link} to=${scriptPath(script, "script")} class="button is-small">${m.scriptBudget}<//>`}
        ${job.state !== "FAILED" && job.state !== "CANCELLED" && html`<${Button} label=${m.cancel} kind="is-small" onClick=${() => void command("cancelJob", { id: job.id })} />`}
      </div>
    </div>
  `;
}

/** @param {{job: Job, what: string, isCompact: boolean}} props */
function Working({ job, what, isCompact }) {
  const { fraction, step } = job.progress;
  const waits = job.state === "QUEUED";
  const left = useTimeLeft(job);
  return html`
    <div class="working">
      <p><span class="working-what">${what}</span> <span class="meta">${waits ? m.waitsForWorker : [step, left].filter(Boolean).join(" · ")}</span></p>
      <${Bar} fraction=${waits || (fraction === 0 && job.kind === "GENERATE_IMAGE") ? null : fraction} label=${what} />
      ${!isCompact && html`<div class="actions"><${Button} label=${m.cancel} kind="is-small" onClick=${() => void command("cancelJob", { id: job.id })} /></div>`}
    </div>
  `;
}

/** About how long it still takes, from how long it took so far. @param {Job} job */
function useTimeLeft(job) {
  const now = useNow(job.state === "RUNNING");
  const { fraction, secondsLeft } = job.progress;
  if (job.state !== "RUNNING" || !job.startedAt || fraction >= 1) return "";
  if (secondsLeft != null) return m.left(duration(secondsLeft));
  const taken = (now - Date.parse(job.startedAt)) / 1_000;
  return fraction < 0.05 || taken < 2 ? "" : m.left(duration((taken / fraction) * (1 - fraction)));
}

/** @param {boolean} ticks */
function useNow(ticks) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!ticks) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [ticks]);
  return now;
}

/** @param {{moment: string}} props */
export function Until({ moment }) {
  const now = useNow(true);
  const seconds = Math.max(0, Math.round((Date.parse(moment) - now) / 1_000));
  return html`<span>${m.nextTry(duration(seconds))}</span>`;
}
