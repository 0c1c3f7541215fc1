// A new script: paste it, type it, or drop a file.
import { ask } from "../core/api.js";
import { command } from "../core/commands.js";
import { PROVIDERS } from "../core/documents.js";
import { draft, dropDraft, keepDraft } from "../core/drafts.js";
import { estimated } from "../core/estimates.js";
import { count, duration, money } from "../core/format.js";
import { ACCEPTED, imported } from "../core/importing.js";
import { keyLabel, useKeys } from "../core/keys.js";
import { say } from "../core/notices.js";
import { navigate, scriptPath } from "../core/router.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { newKey } from "../core/unique.js";
import { m } from "../messages.js";
import { Button } from "../parts/controls.js";
import { useTitle } from "../parts/title.js";

const CONTENT = "new:content";
const TITLE = "new:title";
const STYLE = "new:style";
const BUDGET = "new:budget";
const UNDO_MS = 15_000;

/** @param {string} key */
const kept = (key) => draft(key)?.text ?? "";
/** @param {string} key @param {string} text */
const keep = (key, text) => (text ? keepDraft(key, text, "", 0) : dropDraft(key));

export function NewPage() {
  useTitle(m.newTitle);
  const [isBusy, setBusy] = useState(false);
  const [isOver, setOver] = useState(false);
  const [fault, setFault] = useState("");
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const key = useRef(newKey());
  const fileTitle = useRef("");
  const content = kept(CONTENT);
  const amounts = estimated(content);

  /** @param {FileList | undefined | null} files */
  const take = async (files) => {
    setOver(false);
    if (!files?.length) return;
    const [before, title] = [kept(CONTENT), kept(TITLE)];
    try {
      const found = await imported(files[0]);
      keep(CONTENT, found.content);
      if (!title || title === fileTitle.current) keep(TITLE, (found.title ?? "").slice(0, 300));
      fileTitle.current = kept(TITLE);
      setFault("");
      const action = before.trim() ? { label: m.putBack, run: () => { keep(CONTENT, before); keep(TITLE, title); } } : null;
      say(m.fileTaken(files[0].name), { tone: "good", action, stays: action ? UNDO_MS : undefined });
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const save = async () => {
    if (isBusy) return;
    if (!content.trim()) {
      setFault(m.contentMissing);
      field.current?.focus();
      return;
    }
    setBusy(true);
    const budget = kept(BUDGET).trim().replace(",", ".");
    const done = await command("createScript", {
      content, title: kept(TITLE).trim() || null, style: kept(STYLE).trim() || null, budget: budget || null, idempotencyKey: key.current,
    });
    setBusy(false);
    key.current = newKey();
    if (!done) return;
    [CONTENT, TITLE, STYLE, BUDGET].forEach(dropDraft);
    navigate(scriptPath(done.script, "script"));
  };
  useKeys(m.keysNew, [{ keys: ["Ctrl+Enter"], label: m.saveDraft, run: () => void save(), inText: true }]);
  useEffect(() => field.current?.focus(), []);
  useDrop(setOver, (files) => void take(files));

  return html`
    <div class="page is-narrow">
      <h1>${m.newTitle}</h1>
      <form class="new" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); void save(); }}>
        <label class="field"><span>${m.titleLabel} <small>${m.optional}</small></span>
          <input type="text" dir="auto" maxlength="300" value=${kept(TITLE)} placeholder=${m.titleHint} onInput=${(/** @type {any} */ event) => keep(TITLE, event.target.value)} /></label>
        <div class=${`field drop ${isOver ? "is-over" : ""}`}>
          <label for="new-content">${m.contentLabel}</label>
          <textarea id="new-content" dir="auto" ref=${field} rows="16" class="manuscript" value=${content} placeholder=${m.contentHint} aria-describedby="new-counts"
            aria-invalid=${fault ? "true" : undefined} onInput=${(/** @type {any} */ event) => { keep(CONTENT, event.target.value); setFault(""); }}></textarea>
          ${isOver && html`<div class="drop-word" aria-hidden="true">${m.dropHere}</div>`}
        </div>
        ${fault && html`<p class="fault" role="alert">${fault}</p>`}
        <div class="new-facts" id="new-counts">
          <p>${content.trim() ? m.counts(count(amounts.words), count(amounts.characters)) : m.countsNone}</p>
          ${content.trim() && html`<p>${m.estimates(amounts.scenes, duration(amounts.seconds))}</p>`}
          <${CostEstimate} scenes=${amounts.scenes} />
        </div>
        <details class="options"><summary>${m.moreSettings}</summary>
          <label class="field"><span>${m.styleLabel} <small>${m.optional}</small></span>
            <input type="text" maxlength="1000" value=${kept(STYLE)} placeholder=${m.styleHint} onInput=${(/** @type {any} */ event) => keep(STYLE, event.target.value)} /></label>
          <label class="field is-short"><span>${m.budgetLabel} <small>${m.optional}</small></span>
            <input type="text" inputmode="decimal" value=${kept(BUDGET)} placeholder="5.00" onInput=${(/** @type {any} */ event) => keep(BUDGET, event.target.value)} /></label>
        </details>
        <div class="actions">
          <button type="submit" class="button is-main is-large" disabled=${isBusy}><span>${isBusy ? m.saving : m.saveDraft}</span><kbd aria-hidden="true">${keyLabel("Ctrl+Enter")}</kbd></button>
          <${Button} label=${m.chooseFile} onClick=${() => file.current?.click()} kind="is-large" />
          <input type="file" ref=${file} accept=${ACCEPTED} class="unseen" tabindex="-1" aria-label=${m.chooseFile} onChange=${(/** @type {any} */ event) => { void take(event.target.files); event.target.value = ""; }} />
          <p class="hint">${m.newHint}</p>
        </div>
      </form>
    </div>
  `;
}

/**
 * Files may be dropped anywhere: beside the field, the browser would leave the page for them.
 * @param {(isOver: boolean) => void} hover @param {(files: FileList) => void} take
 */
function useDrop(hover, take) {
  const taking = useRef(take);
  taking.current = take;
  useEffect(() => {
    const stop = new AbortController();
    const isFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    addEventListener("dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      hover(true);
    }, stop);
    addEventListener("dragleave", (event) => event.relatedTarget === null && hover(false), stop);
    addEventListener("drop", (event) => {
      if (!event.dataTransfer || !isFile(event)) return;
      event.preventDefault();
      taking.current(event.dataTransfer.files);
    }, stop);
    return () => stop.abort();
  }, []);
}

/** From what is known: who makes the images here, and what others like them are reserved for. @param {{scenes: number}} props */
function CostEstimate({ scenes }) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    ask(PROVIDERS).then(setFound, () => {});  // then nothing is said of costs
  }, []);
  if (!found || !scenes) return null;
  const isFree = found.providers.every((/** @type {any} */ one) => one.provider === "offline" || one.provider === "none");
  if (isFree) return html`<p>${m.costFree}</p>`;
  const known = found.reviewQueue.nodes.map((/** @type {any} */ node) => node.estimate).filter((/** @type {any} */ one) => one?.amount && one.calls > 0);
  if (!known.length) return html`<p>${m.costLater}</p>`;
  const each = known.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + Number(one.amount), 0) / known.length;
  return html`<p>${m.costAbout(money(String(each * scenes), known[0].currency))}</p>`;
}
