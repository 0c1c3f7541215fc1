// The page: its frame, the view that the address means, and what runs behind all views.
import { payAttention, waiting } from "./core/attention.js";
import { resumeOutbox, undo } from "./core/commands.js";
import { useKeys } from "./core/keys.js";
import { askProviders } from "./core/providers.js";
import { navigate, route } from "./core/router.js";
import { effect, html, render, useEffect, useRef } from "./core/ui.js";
import { m } from "./messages.js";
import { JobsPage } from "./pages/jobs.js";
import { MissingPage } from "./pages/missing.js";
import { NewPage } from "./pages/new.js";
import { ReviewPage } from "./pages/review.js";
import { ScriptPage } from "./pages/script.js";
import { ScriptsPage } from "./pages/scripts.js";
import { Header } from "./parts/header.js";
import { Help, toggleHelp } from "./parts/help.js";
import { NoticeBar } from "./parts/notice_bar.js";
import { pageTitle } from "./parts/title.js";

function App() {
  const { name, id, stage, path } = route.value;
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  const isFirst = useRef(true);
  useKeys(m.keysEverywhere, [
    { keys: ["?"], label: m.keyHelp, run: toggleHelp },
    { keys: ["S"], label: m.keyScripts, run: () => navigate("/") },
    { keys: ["N"], label: m.keyNew, run: () => navigate("/new") },
    { keys: ["Q"], label: m.keyQueue, run: () => navigate("/review") },
    { keys: ["U"], label: m.undo, run: () => void undo() },
  ]);
  const view = id && name === "script" ? `script ${id}` : path;
  useEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });  // unless the view has put it somewhere
    if (main.current) main.current.scrollTop = 0;
  }, [view]);
  return html`
    <a class="skip" href="#main" onClick=${skip}>${m.skip}</a>
    <${Header} />
    <main id="main" tabindex="-1" ref=${main} class=${name === "review" ? "is-review" : ""}>
      ${name === "scripts" && html`<${ScriptsPage} />`}
      ${name === "new" && html`<${NewPage} />`}
      ${name === "review" && html`<${ReviewPage} key=${id ?? "all"} scriptId=${id} />`}
      ${name === "jobs" && html`<${JobsPage} />`}
      ${name === "script" && html`<${ScriptPage} key=${id} id=${id} stage=${stage} />`}
      ${name === "missing" && html`<${MissingPage} />`}
    </main>
    <${NoticeBar} />
    <${Help} />
  `;
}

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

effect(() => {
  const count = waiting.value;
  document.title = `${count ? `(${count}) ` : ""}${pageTitle.value ? `${pageTitle.value} · ` : ""}${m.name}`;
});

resumeOutbox();
void payAttention();
askProviders();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
