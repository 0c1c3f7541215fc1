// One script: its head, its four steps, and the view of the step that the address names.
import { command } from "../core/commands.js";
import { money, spent } from "../core/format.js";
import { useKeys } from "../core/keys.js";
import { navigate, number, scriptPath } from "../core/router.js";
import { thing } from "../core/store.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";
import { newKey } from "../core/unique.js";
import { rereadScript, useScript } from "../core/watch.js";
import { m } from "../messages.js";
import { Button, Link, Menu } from "../parts/controls.js";
import { Icon } from "../parts/icons.js";
import { Failure, Loading } from "../parts/states.js";
import { Stepper, presentStage } from "../parts/stepper.js";
import { useTitle } from "../parts/title.js";
import { DraftView } from "./draft.js";
import { HistoryView } from "./history.js";
import { ImagesView } from "./images.js";
import { JobsList } from "./jobs.js";
import { MissingPage } from "./missing.js";
import { ScenesView } from "./scenes.js";
import { VideoView } from "./video.js";

/** @param {{id: string, stage: string | null}} props */
export function ScriptPage({ id, stage }) {
  const [, setTries] = useState(0);
  const reading = useScript(id);
  /** @type {import("../core/types").Script | null} */
  const script = thing(id);
  const isReady = script !== null && script.scenes !== undefined;
  const title = script ? script.title ?? m.untitled(number(id)) : "";
  useTitle(title);
  const shown = stage ?? (isReady ? presentStage(script) : null);
  useEffect(() => {
    if (!stage && shown) navigate(scriptPath(id, shown), { replace: true });
  }, [stage, shown]);
  useKeys(m.keysScript, [
    ...["script", "scenes", "images", "video"].map((one, at) => ({
      keys: [String(at + 1)], label: m.stages[/** @type {"script"} */ (one)], run: () => navigate(scriptPath(id, one)),
    })),
    { keys: ["V"], label: m.reviewHere, run: () => navigate(scriptPath(id, "review")) },
    { keys: ["H"], label: m.history, run: () => navigate(scriptPath(id, "history")) },
  ]);
  if (reading.state === "missing") return html`<${MissingPage} what=${m.missingScript} />`;
  if (!isReady && reading.state === "failed") {
    return html`<div class="page"><h1 class="unseen">${m.failureTitle}</h1><${Failure} why=${reading.why} onRetry=${() => { rereadScript(id); setTries((n) => n + 1); }} /></div>`;
  }
  if (!isReady) return html`<div class="page"><h1 class="unseen">${m.loading}</h1><${Loading} rows=${6} /></div>`;
  const waits = script.archivedAt ? 0 : script.progress?.awaitingReview ?? 0;
  return html`
    <div class="page is-script">
      <div class="page-head">
        <${Title} script=${script} title=${title} />
        <div class="script-tools">
          <p class="meta">${script.archivedAt && html`<span>${m.archived}</span>`}<${Spent} script=${script} /></p>
          ${waits > 0 && html`<${Link} to=${scriptPath(id, "review")} class="button is-main">${m.reviewCount(waits)}<kbd aria-hidden="true">V</kbd><//>`}
          <${Menu} label=${m.moreOf(title)}>
            <button type="button" onClick=${async () => {
              const done = await command("duplicateScript", { id, title: m.copyOf(title).slice(0, 300), idempotencyKey: newKey() });
              if (done) navigate(scriptPath(done.script, "script"));
            }}><${Icon} name="copy" />${m.duplicate}</button>
            <button type="button" onClick=${() => void command("archiveScript", { id, archived: !script.archivedAt })}><${Icon} name="archive" />${script.archivedAt ? m.unarchive : m.archive}</button>
          <//>
        </div>
      </div>
      <${Stepper} script=${script} stage=${shown ?? ""} />
      ${shown === "script" && html`<${DraftView} script=${script} />`}
      ${shown === "scenes" && html`<${ScenesView} script=${script} />`}
      ${shown === "images" && html`<${ImagesView} script=${script} />`}
      ${shown === "video" && html`<${VideoView} script=${script} />`}
      ${shown === "history" && html`<${HistoryView} script=${script} />`}
      ${shown === "jobs" && html`<section class="panel-page" aria-label=${m.navJobs}><h2>${m.navJobs}</h2><${JobsList} scriptId=${id} /></section>`}
    </div>
  `;
}

/** @param {{script: import("../core/types").Script}} props */
function Spent({ script }) {
  return html`<span>${spent(script.cost)}${script.budget ? ` ${m.ofBudget(money(script.budget, "USD"))}` : ""}</span>`;
}

/** The title, and a field for another one. @param {{script: import("../core/types").Script, title: string}} props */
function Title({ script, title }) {
  const [isEdited, setEdited] = useState(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const head = useRef(/** @type {HTMLElement | null} */ (null));
  const wasEdited = useRef(false);
  useLayoutEffect(() => {
    input.current?.select();
    if (wasEdited.current && document.activeElement === document.body) head.current?.querySelector("button")?.focus();
    wasEdited.current = isEdited;
  }, [isEdited]);
  const save = async () => {
    const wanted = input.current?.value.trim() ?? "";
    setEdited(false);
    if (wanted !== (script.title ?? "")) await command("updateScript", { id: script.id, title: wanted, expectedVersion: script.version });
  };
  if (!isEdited) {
    return html`<div class="title" ref=${head}><h1 dir="auto" title=${title}>${title}</h1><${Button} icon="draft" iconOnly kind="is-quiet" label=${m.rename} onClick=${() => setEdited(true)} /></div>`;
  }
  return html`
    <div class="title"><h1 class="unseen">${title}</h1>
      <input type="text" class="title-field" dir="auto" ref=${input} maxlength="300" value=${script.title ?? ""} aria-label=${m.titleLabel} onBlur=${save}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key === "Enter") void save();
          if (event.key === "Escape") setEdited(false);
        }} />
    </div>
  `;
}
