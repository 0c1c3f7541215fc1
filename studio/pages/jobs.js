// Machine work: how far it is, how often it was tried, when it is tried again, why it stopped, and what to do.
import { ask } from "../core/api.js";
import { command, explain } from "../core/commands.js";
import { JOBS, JOB_PROGRESS } from "../core/documents.js";
import { exactly, spent, when } from "../core/format.js";
import { subscribe } from "../core/live.js";
import { hearOfJob } from "../core/providers.js";
import { number, scriptPath } from "../core/router.js";
import { asking, put, thing } from "../core/store.js";
import { html, useCallback, useEffect, useState } from "../core/ui.js";
import { soon } from "../core/watch.js";
import { m } from "../messages.js";
import { Bar, Button, Link, Tag } from "../parts/controls.js";
import { Until, isShortOfMoney } from "../parts/job_state.js";
import { Empty, Failure, Loading } from "../parts/states.js";
import { canRetry, isActive } from "../parts/stepper.js";
import { useTitle } from "../parts/title.js";

const FILTERS = /** @type {const} */ (["all", "active", "trouble"]);
const STATES = { all: null, active: ["QUEUED", "RUNNING", "RETRYING"], trouble: ["PARKED", "FAILED"] };
const ICONS = { QUEUED: "waits", RUNNING: "work", RETRYING: "stale", PARKED: "stop", SUCCEEDED: "approve", FAILED: "reject", CANCELLED: "close" };

export function JobsPage() {
  useTitle(m.navJobs);
  return html`
    <div class="page"><div class="page-head"><h1>${m.navJobs}</h1></div>
      <${JobsList} scriptId=${null} />
    </div>
  `;
}

/** @param {{scriptId: string | null}} props */
export function JobsList({ scriptId }) {
  const [filter, setFilter] = useState(/** @type {typeof FILTERS[number]} */ ("all"));
  const [list, setList] = useState(/** @type {{jobs: any[], next: string | null} | null} */ (null));
  const [why, setWhy] = useState("");
  const load = useCallback(
    async (/** @type {string | null} */ after = null) => {
      try {
        const asked = asking();
        const { jobs } = await ask(JOBS, { scriptId, after, states: STATES[filter] });
        const found = jobs.nodes.map((/** @type {any} */ node) => ({ id: node.id, about: node.about, cost: node.cost }));
        put(jobs.nodes.map((/** @type {any} */ { about, cost, ...job }) => job), asked);
        setList((before) => ({ jobs: after ? [...(before?.jobs ?? []), ...found] : found, next: jobs.pageInfo.hasNextPage ? jobs.pageInfo.endCursor : null }));
        setWhy("");
      } catch (error) {
        setWhy(explain(error));
      }
    },
    [scriptId, filter],
  );
  useEffect(() => {
    void load();
    const again = soon(1_500, () => load());
    return subscribe({
      query: JOB_PROGRESS, variables: () => ({ scriptId }),
      next(data) {
        const known = thing(data.jobProgress.id);
        if (known?.state !== data.jobProgress.state) {
          again();
          hearOfJob(data.jobProgress);
        }
        put(data);
      },
    });
  }, [load]);
  return html`
    <div class="list-tools"><div class="choice" role="group" aria-label=${m.whichJobs}>
      ${FILTERS.map((one) => html`<button type="button" key=${one} aria-pressed=${filter === one} onClick=${() => { setList(null); setFilter(one); }}>${m.jobFilters[one]}</button>`)}
    </div></div>
    ${why && html`<${Failure} why=${why} onRetry=${() => void load()} />`}
    ${!why && !list && html`<${Loading} rows=${5} />`}
    ${list?.jobs.length === 0 && html`<${Empty} title=${m.noJobs}><p>${m.noJobsHint}</p><//>`}
    ${list && html`<ul class="jobs">${list.jobs.map((one) => html`<${JobRow} key=${one.id} id=${one.id} about=${one.about} cost=${one.cost} isWide=${!scriptId} />`)}</ul>`}
    ${list?.next && html`<${Button} label=${m.showMore} kind="is-wide" onClick=${() => void load(list.next)} />`}
  `;
}

/** @param {{id: string, about: any, cost: any, isWide: boolean}} props */
function JobRow({ id, about, cost, isWide }) {
  /** @type {import("../core/types").Job} */
  const job = thing(id);
  if (!job) return null;
  const script = about.script ?? about;
  const ended = job.finishedAt ?? job.queuedAt;
  return html`
    <li class=${`job is-${job.state.toLowerCase()}`}>
      <div class="job-what">
        <p><strong>${m.jobKinds[job.kind]}</strong> ${about.order ? m.sceneLabel(about.order, about.title) : ""}</p>
        ${isWide && script.number && html`<p class="meta"><${Link} to=${scriptPath(script.number)}>${script.title ?? m.untitled(number(script.number))}<//></p>`}
        ${job.error && job.state !== "SUCCEEDED" && html`<p class="job-why">${job.error.message}</p>`}
        ${job.note && html`<p class="job-note">${job.note}</p>`}
      </div>
      <div class="job-state">
        <${Tag} icon=${ICONS[job.state]} tone=${`is-job-${job.state.toLowerCase()}`}>${m.jobStates[job.state]}<//>
        ${job.state === "RUNNING" && html`<${Bar} fraction=${job.progress.fraction} label=${m.jobKinds[job.kind]} />`}
        <p class="meta">
          ${job.error?.nextRetryAt && isActive(job) ? html`<${Until} moment=${job.error.nextRetryAt} />` : html`<time datetime=${ended} title=${exactly(ended)}>${when(ended)}</time>`}
          ${job.attempt > 1 || (job.error && job.attempt) ? html`<span>${m.attemptOf(job.attempt, job.maxAttempts)}</span>` : null}
          ${cost?.calls > 0 && html`<span>${spent(cost)}</span>`}
        </p>
      </div>
      <div class="job-actions">
        ${canRetry(job) && html`<${Button} label=${job.state === "RETRYING" ? m.retryNow : m.retry} kind="is-small is-main" onClick=${() => void command("retryJob", { id })} />`}
        ${isShortOfMoney(job) && script.number && html`<${Link} to=${scriptPath(script.number, "script")} class="button is-small">${m.scriptBudget}<//>`}
        ${(isActive(job) || job.state === "PARKED") && html`<${Button} label=${m.cancel} kind="is-small" onClick=${() => void command("cancelJob", { id })} />`}
      </div>
    </li>
  `;
}
