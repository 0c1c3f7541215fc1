// The head of every view: where one is, what waits, whether the page is up to date.
import { waiting } from "../core/attention.js";
import { outbox } from "../core/commands.js";
import { connection } from "../core/live.js";
import { route } from "../core/router.js";
import { read, write } from "../core/storage.js";
import { html, signal } from "../core/ui.js";
import { m } from "../messages.js";
import { Button, Link } from "./controls.js";
import { toggleHelp } from "./help.js";
import { Pauses } from "./pauses.js";

const THEMES = ["auto", "light", "dark"];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };
const theme = signal(read("local", "theme") ?? "auto");

function nextTheme() {
  theme.value = THEMES[(THEMES.indexOf(theme.peek()) + 1) % THEMES.length];
  write("local", "theme", theme.peek() === "auto" ? null : theme.peek());
  if (theme.peek() === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.peek();
}

export function Header() {
  const { name, id } = route.value;
  /** @param {boolean} is */
  const current = (is) => (is ? "page" : undefined);
  return html`
    <header>
      <div class="top">
        <${Link} to="/" class="brand" aria-label=${m.nameHome}><span class="brand-mark" aria-hidden="true"></span><span>${m.name}</span><//>
        <nav aria-label=${m.mainNavigation}>
          <${Link} to="/" aria-current=${current(name === "scripts")}>${m.navScripts}<//>
          <${Link} to="/review" aria-current=${current(name === "review" && !id)}>
            ${m.navReview}${waiting.value ? html` <span class="count" aria-label=${m.waitingCount(waiting.value)}>${waiting.value}</span>` : null}
          <//>
          <${Link} to="/jobs" aria-current=${current(name === "jobs")}>${m.navJobs}<//>
        </nav>
        <div class="top-end">
          <${Connection} />
          <${Button} icon=${THEME_ICONS[/** @type {"auto"} */ (theme.value)]} iconOnly kind="is-quiet" label=${m.theme(theme.value)} onClick=${nextTheme} />
          <${Button} icon="keys" iconOnly kind="is-quiet" label=${m.keyHelp} keys="?" onClick=${toggleHelp} />
        </div>
      </div>
      <${Pauses} />
    </header>
  `;
}

function Connection() {
  const unsent = outbox.value.reduce((sum, item) => sum + (item.due === null ? item.command.ids.length : 0), 0);
  const state = connection.value;
  const said = state === "away" && unsent ? m.awayWith(unsent) : m.connection[state];
  return html`<span class=${`connection is-${state}`} role="status" title=${m.connectionHint[state]}><span class="dot" aria-hidden="true"></span><span>${said}</span></span>`;
}
