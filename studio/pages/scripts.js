// All scripts: where each is, what waits for me in it, what it has cost.
import { useNews } from "../core/attention.js";
import { ask } from "../core/api.js";
import { command, explain } from "../core/commands.js";
import { SCRIPTS } from "../core/documents.js";
import { exactly, spent, when } from "../core/format.js";
import { useKeys } from "../core/keys.js";
import { say } from "../core/notices.js";
import { navigate, number, route, scriptPath } from "../core/router.js";
import { asking, put, thing } from "../core/store.js";
import { html, useCallback, useEffect, useRef, useState } from "../core/ui.js";
import { newKey } from "../core/unique.js";
import { soon } from "../core/watch.js";
import { m } from "../messages.js";
import { Badge, Button, Link, Menu, Tag } from "../parts/controls.js";
import { Icon } from "../parts/icons.js";
import { Empty, Failure, Loading } from "../parts/states.js";
import { stepsOf } from "../parts/stepper.js";
import { useTitle } from "../parts/title.js";

const FILTERS = /** @type {const} */ (["all", "drafts", "archived"]);

export function ScriptsPage() {
  useTitle("");
  const [filter, setFilter] = useState(/** @type {typeof FILTERS[number]} */ ("all"));
  const [search, setSearch] = useState(route.peek().query.get("search") ?? "");
  const { list, why, more, reload } = useScripts(filter, search);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useKeys(m.keysScripts, [
    { keys: ["/"], label: m.keySearch, run: () => input.current?.focus() },
    { keys: ["J", "ArrowDown"], label: m.keyNext, run: () => step(1) },
    { keys: ["K", "ArrowUp"], label: m.keyPrevious, run: () => step(-1) },
  ]);
  return html`
    <div class="page">
      <div class="page-head">
        <h1>${m.scriptsTitle}</h1>
        <${Link} to="/new" class="button is-main"><${Icon} name="plus" /><span>${m.newScript}</span><//>
      </div>
      <div class="list-tools">
        <label class="search"><${Icon} name="search" /><span class="unseen">${m.searchScripts}</span>
          <input type="search" ref=${input} value=${search} placeholder=${m.searchScripts} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label>
        <div class="choice" role="group" aria-label=${m.whichScripts}>
          ${FILTERS.map((one) => html`<button type="button" key=${one} aria-pressed=${filter === one} onClick=${() => setFilter(one)}>${m.scriptFilters[one]}</button>`)}
        </div>
      </div>
      ${why && html`<${Failure} why=${why} onRetry=${reload} />`}
      ${!why && !list && html`<${Loading} rows=${5} />`}
      ${!why && list?.ids.length === 0 && html`<${Nothing} filter=${filter} search=${search} />`}
      ${!why && list && list.ids.length > 0 && html`
        <ul class="scripts" aria-label=${m.scriptsTitle}>${list.ids.map((id) => html`<${Row} key=${id} id=${id} />`)}</ul>
        ${list.next && html`<${Button} label=${m.showMore} onClick=${more} kind="is-wide" />`}
      `}
    </div>
  `;
}

/** @param {number} by */
function step(by) {
  const links = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".scripts .script-title")]);
  const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

/** @param {typeof FILTERS[number]} filter @param {string} search */
function useScripts(filter, search) {
  const [list, setList] = useState(/** @type {{ids: string[], next: string | null} | null} */ (null));
  const [why, setWhy] = useState("");
  const wanted = useRef({ filter, search, length: 30 });
  wanted.current = { filter, search, length: wanted.current.length };
  const fetchPage = useCallback(async (/** @type {string | null} */ after) => {
    const { filter: which, search: text } = wanted.current;
    const asked = asking();
    const data = await ask(SCRIPTS, {
      after, filter: { search: text.trim().slice(0, 200) || null, archived: which === "archived", status: which === "drafts" ? "DRAFT" : null },
    });
    if (which !== wanted.current.filter || text !== wanted.current.search) return;
    const { nodes, pageInfo } = data.scripts;
    const ids = put(nodes, asked);
    setList((before) => ({ ids: after ? [...(before?.ids ?? []), ...ids] : ids, next: pageInfo.hasNextPage ? pageInfo.endCursor : null }));
    setWhy("");
  }, []);
  const load = useCallback((/** @type {string | null} */ after = null) => {
    fetchPage(after).catch((error) => setWhy(explain(error)));
  }, []);
  useEffect(() => {
    const timer = setTimeout(load, search ? 200 : 0);
    return () => clearTimeout(timer);
  }, [filter, search]);
  const again = useRef(soon(500, () => fetchPage(null)));
  useNews(again.current);
  useEffect(() => {
    addEventListener("reelgate:scripts", again.current);
    return () => removeEventListener("reelgate:scripts", again.current);
  }, []);
  return { list, why, more: () => load(list?.next), reload: () => load() };
}

/** @param {{filter: string, search: string}} props */
function Nothing({ filter, search }) {
  if (search.trim()) return html`<${Empty} title=${m.nothingFound(search.trim())}><p>${m.nothingFoundHint}</p><//>`;
  if (filter === "archived") return html`<${Empty} title=${m.nothingArchived}><p>${m.nothingArchivedHint}</p><//>`;
  return html`<${Empty} title=${m.noScripts}><p>${m.noScriptsHint}</p><${Link} to="/new" class="button is-main">${m.firstScript}<//><//>`;
}

/** @param {{id: string}} props */
function Row({ id }) {
  /** @type {import("../core/types").Script} */
  const script = thing(id);
  const progress = script.progress;
  const waits = script.archivedAt ? 0 : progress?.awaitingReview ?? 0;
  return html`
    <li class="script-row">
      <div class="script-what">
        <${Link} to=${scriptPath(id)} class="script-title" dir="auto">${script.title ?? m.untitled(number(id))}<//>
        <p class="meta">
          ${script.archivedAt ? html`<${Tag} icon="archive">${m.archived}<//>` : html`<${Badge} status=${script.status} words=${m.scriptStatuses} />`}
          <span>${m.sceneCount(progress?.scenes ?? 0)}</span><span>${spent(script.cost)}</span>
          <time datetime=${script.updatedAt} title=${exactly(script.updatedAt)}>${when(script.updatedAt)}</time>
        </p>
      </div>
      <ol class="mini-steps" aria-label=${m.progress}>
        ${stepsOf(script).map((one) => html`<li key=${one.stage} class=${`is-${one.state}`}><span>${m.stages[one.stage]}</span><small>${one.said}</small></li>`)}
      </ol>
      <div class="script-end">
        ${waits > 0 && html`<${Link} to=${scriptPath(id, "review")} class="button is-waiting">${m.reviewCount(waits)}<//>`}
        ${(progress?.jobsFailed ?? 0) > 0 && html`<${Link} to=${scriptPath(id, "jobs")} class="button is-trouble"><${Icon} name="stop" /><span>${m.troubleCount(progress?.jobsFailed ?? 0)}</span><//>`}
        <${Menu} label=${m.moreOf(script.title ?? m.untitled(number(id)))}>
          <button type="button" onClick=${() => duplicate(script)}><${Icon} name="copy" />${m.duplicate}</button>
          <button type="button" onClick=${() => archive(script)}><${Icon} name="archive" />${script.archivedAt ? m.unarchive : m.archive}</button>
        <//>
      </div>
    </li>
  `;
}

/** @param {import("../core/types").Script} script */
async function duplicate(script) {
  const title = m.copyOf(script.title ?? m.untitled(number(script.id))).slice(0, 300);
  const done = await command("duplicateScript", { id: script.id, title, idempotencyKey: newKey() });
  if (done) navigate(scriptPath(done.script, "script"));
}

/** @param {import("../core/types").Script} script */
async function archive(script) {
  const archived = !script.archivedAt;
  const done = await command("archiveScript", { id: script.id, archived });
  if (!done) return;
  const back = { label: m.undo, run: () => void command("archiveScript", { id: script.id, archived: !archived }).then(refresh) };
  say(archived ? m.isArchived : m.isBack, { action: back });
  refresh();
}

function refresh() {
  dispatchEvent(new Event("reelgate:scripts"));
}
