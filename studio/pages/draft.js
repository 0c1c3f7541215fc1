// The first step: the text as it was written. A draft is edited here; an approved one is read.
import { Declined, mutate } from "../core/api.js";
import { command, explain } from "../core/commands.js";
import { MUTATIONS } from "../core/documents.js";
import { draft, dropDraft, keepDraft, peekDraft, rebaseDraft } from "../core/drafts.js";
import { estimated } from "../core/estimates.js";
import { atMost, count, duration } from "../core/format.js";
import { useKeys } from "../core/keys.js";
import { say } from "../core/notices.js";
import { navigate, scriptPath } from "../core/router.js";
import { plain } from "../core/scene_edits.js";
import { peek, put } from "../core/store.js";
import { inTurn } from "../core/turns.js";
import { html, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "../parts/controls.js";
import { useTitle } from "../parts/title.js";

/** @typedef {import("../core/types").Script} Script */

/** Returns whether nothing is left to be saved. @param {string} id */
const save = (id) => inTurn(id, () => send(id));

/** @param {string} id */
async function send(id) {
  const kept = peekDraft(id);
  if (!kept) return true;
  if (!kept.text.trim()) {
    say(m.contentMissing, { tone: "bad", stays: 8_000 });
    return false;
  }
  try {
    put(await mutate(MUTATIONS.updateScript, { id, content: kept.text, expectedVersion: peek(id).version }));
    if (peekDraft(id)?.text === kept.text) dropDraft(id);
    else rebaseDraft(id, kept.text, peek(id).version);
    return true;
  } catch (error) {
    if (error instanceof Declined) put(error.payload);
    say(m.notSaved(explain(error)), { tone: "bad", action: { label: m.tryAgain, run: () => void save(id) } });
    return false;
  }
}

/** @param {{script: Script}} props */
export function DraftView({ script }) {
  const [isBusy, setBusy] = useState(false);
  const isDraft = script.status === "DRAFT";
  const kept = draft(script.id);
  const content = isDraft ? kept?.text ?? plain(script.content ?? "") : script.content ?? "";
  const amounts = estimated(content);
  const approve = async () => {
    setBusy(true);
    if (await save(script.id)) {
      const done = await command("approveScript", { id: script.id, expectedVersion: peek(script.id).version });
      if (done) navigate(scriptPath(script.id, "scenes"));
    }
    setBusy(false);
  };
  useTitle(script.title ?? "");
  useKeys(m.keysDraft, !isDraft ? [] : [
    { keys: ["Ctrl+S"], label: m.save, run: () => void save(script.id), inText: true },
    { keys: ["Ctrl+Enter"], label: m.approveScript, run: () => void approve(), inText: true },
  ]);
  return html`
    <section class="draft" aria-label=${m.stages.script}>
      <div class="draft-text">
        ${isDraft
          ? html`<label class="unseen" for="content">${m.contentLabel}</label>
              <textarea id="content" class="manuscript" dir="auto" rows="20" value=${content} onBlur=${() => void save(script.id)}
                onInput=${(/** @type {any} */ event) => {
                  const text = event.target.value;
                  if (text === plain(script.content ?? "")) dropDraft(script.id);
                  else keepDraft(script.id, text, plain(script.content ?? ""), script.version);
                }}></textarea>`
          : html`<div class="manuscript is-read" dir="auto" tabindex="0" role="region" aria-label=${m.contentLabel}>${content}</div>`}
      </div>
      <aside class="side" aria-label=${m.aboutScript}>
        <dl class="facts">
          <div><dt>${m.wordsLabel}</dt><dd>${count(amounts.words)}</dd></div>
          <div><dt>${m.scenesLabel}</dt><dd>${isDraft ? m.about(count(amounts.scenes)) : count(script.progress?.scenes ?? 0)}</dd></div>
          <div><dt>${m.lengthLabel}</dt><dd>${m.about(duration(amounts.seconds))}</dd></div>
        </dl>
        <${Settings} script=${script} />
        ${isDraft && html`
          <div class="gate">
            <p>${m.approveScriptHint}</p>
            <p class="meta">${kept ? m.unsaved : m.allSaved} ${atMost(script.estimate)}</p>
            <${Button} label=${m.approveScript} icon="approve" kind="is-main is-large" keys="Ctrl+Enter" disabled=${isBusy} onClick=${approve} />
          </div>
        `}
      </aside>
    </section>
  `;
}

/** Style and budget can change at any time. @param {{script: Script}} props */
function Settings({ script }) {
  /** @param {string} name @param {string} value */
  const change = (name, value) => {
    const wanted = value.trim();
    if (wanted === (/** @type {any} */ (script)[name] ?? "")) return;
    const input = name === "budget" ? (wanted ? { budget: wanted.replace(",", ".") } : { noBudget: true }) : { [name]: wanted };
    void command("updateScript", { id: script.id, ...input, expectedVersion: peek(script.id).version });
  };
  return html`
    <div class="settings">
      <label class="field"><span>${m.styleLabel} <small>${m.optional}</small></span>
        <textarea rows="2" maxlength="1000" placeholder=${m.styleHint} onChange=${(/** @type {any} */ event) => change("style", event.target.value)} value=${script.style ?? ""}></textarea></label>
      <label class="field is-short"><span>${m.budgetLabel} <small>${m.optional}</small></span>
        <input type="text" inputmode="decimal" value=${script.budget ?? ""} placeholder=${m.noBudget} onChange=${(/** @type {any} */ event) => change("budget", event.target.value)} /></label>
    </div>
  `;
}
