// Who did what, when and why: everything that happened in a script, newest first.
import { ask } from "../core/api.js";
import { explain } from "../core/commands.js";
import { HISTORY } from "../core/documents.js";
import { exactly, when } from "../core/format.js";
import { who } from "../core/own.js";
import { html, useCallback, useEffect, useRef, useState } from "../core/ui.js";
import { activity, soon } from "../core/watch.js";
import { m } from "../messages.js";
import { Button } from "../parts/controls.js";
import { Icon } from "../parts/icons.js";
import { Failure, Loading } from "../parts/states.js";

/** @param {{script: import("../core/types").Script}} props */
export function HistoryView({ script }) {
  const [changes, setChanges] = useState(/** @type {any[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [machines, setMachines] = useState(false);
  const [why, setWhy] = useState("");
  const load = useCallback(
    async (/** @type {string | null} */ after = null) => {
      try {
        const { nodes, pageInfo } = (await ask(HISTORY, { id: script.id, after })).script.changes;
        setChanges((before) => joined(before ?? [], nodes, after !== null));
        if (after !== null || next === null) setNext(pageInfo.hasNextPage ? pageInfo.endCursor : null);
        setWhy("");
      } catch (error) {
        setWhy(explain(error));
      }
    },
    [script.id, next],
  );
  const present = useRef(load);
  present.current = load;
  const again = useRef(soon(400, () => present.current()));
  useEffect(() => void load(), [script.id]);
  useEffect(() => {
    if (activity.value) again.current();
  }, [activity.value]);
  if (why && !changes) return html`<${Failure} why=${why} onRetry=${() => void load()} />`;
  if (!changes) return html`<${Loading} rows=${6} />`;
  const shown = machines ? changes : changes.filter((one) => one.kind !== "JOB_CHANGED" || m.orders[one.command]);
  return html`
    <section class="panel-page" aria-label=${m.history}>
      <div class="stage-tools"><h2>${m.history}</h2>
        <label class="check"><input type="checkbox" checked=${machines} onChange=${(/** @type {any} */ event) => setMachines(event.target.checked)} /> ${m.withMachines}</label></div>
      <ol class="history">
        ${shown.map((one) => html`
          <li key=${one.cursor} class=${`is-${tone(one)}`}>
            <span class="history-sign"><${Icon} name=${icon(one)} /></span>
            <div><p><strong>${m.actor(who(one.actor, one.subjectId, one.occurredAt))}</strong> ${m.happened(one)}</p>${one.feedback && html`<blockquote class="said">${one.feedback}</blockquote>`}</div>
            <time datetime=${one.occurredAt} title=${exactly(one.occurredAt)}>${when(one.occurredAt)}</time>
          </li>
        `)}
      </ol>
      ${next && html`<${Button} label=${m.showMore} kind="is-wide" onClick=${() => void load(next)} />`}
    </section>
  `;
}

/** @param {any[]} before @param {any[]} more @param {boolean} isOlder */
function joined(before, more, isOlder) {
  const known = new Set(before.map((one) => one.cursor));
  const fresh = more.filter((one) => !known.has(one.cursor));
  return isOlder ? [...before, ...fresh] : [...fresh, ...before];
}

/** @param {any} change */
function tone(change) {
  const status = change.newStatus ?? change.jobState ?? "";
  if (change.kind === "STATUS_CHANGED" && status === "APPROVED") return "approved";
  return status === "REJECTED" || status === "FAILED" ? "rejected" : "plain";
}

/** @param {any} change */
function icon(change) {
  if (change.kind === "JOB_CHANGED") return "work";
  if (change.kind === "EDITED") return "draft";
  if (change.kind === "REMOVED") return "merge";
  if (change.kind === "CREATED") return "plus";
  return change.newStatus === "REJECTED" ? "reject" : change.newStatus === "PENDING" ? "waits" : "approve";
}
