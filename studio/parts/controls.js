// Buttons, links, badges, menus: what every view is built of.
import { keyLabel, spokenKeys } from "../core/keys.js";
import { follow } from "../core/router.js";
import { html, useRef } from "../core/ui.js";
import { m } from "../messages.js";
import { Icon } from "./icons.js";

/** A link inside of the page. @param {any} props */
export function Link({ to, children, ...rest }) {
  return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`;
}

/** @param {{icon?: string, label: string, kind?: string, onClick?: (event: MouseEvent) => void, keys?: string, hidden?: boolean, [rest: string]: any}} props */
export function Button({ icon, label, kind = "", onClick, keys, iconOnly = false, ...rest }) {
  const title = keys ? `${label} (${keyLabel(keys)})` : iconOnly ? label : undefined;
  return html`
    <button type="button" class=${`button ${kind} ${iconOnly ? "is-square" : ""}`} title=${title} onClick=${onClick}
      aria-label=${iconOnly ? label : undefined} aria-keyshortcuts=${keys && spokenKeys(keys)} ...${rest}>
      ${icon && html`<${Icon} name=${icon} />`}${!iconOnly && html`<span>${label}</span>`}
      ${keys && !iconOnly && html`<kbd aria-hidden="true">${keyLabel(keys)}</kbd>`}
    </button>
  `;
}

const ICONS = { DRAFT: "draft", PENDING: "waits", APPROVED: "approve", REJECTED: "reject" };

/** A status in a shape, a word and a colour. @param {{status: import("../core/types").Status, words?: Record<string, string>}} props */
export function Badge({ status, words = m.statuses }) {
  return html`<span class=${`badge is-${status.toLowerCase()}`}><${Icon} name=${ICONS[status]} />${words[status]}</span>`;
}

/** @param {{icon: string, tone?: string, children?: any}} props */
export function Tag({ icon, tone = "", children }) {
  return html`<span class=${`badge ${tone}`}><${Icon} name=${icon} /><span>${children}</span></span>`;
}

/** @param {{fraction: number | null, label: string}} props */
export function Bar({ fraction, label }) {
  return fraction === null
    ? html`<progress class="bar" aria-label=${label}></progress>`
    : html`<progress class="bar" max="1" value=${fraction} aria-label=${label}></progress>`;
}

/** What is rarely wanted, behind one button. While it is open, nothing else is. @param {{label: string, children: any}} props */
export function Menu({ label, children }) {
  const opener = useRef(/** @type {HTMLElement | null} */ (null));
  const menu = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const open = () => {
    const [button, items] = [opener.current, menu.current];
    if (!button || !items) return;
    items.showModal();
    const put = () => {
      const place = button.getBoundingClientRect();
      const fits = place.bottom + items.offsetHeight + 8 < innerHeight;
      items.style.top = `${fits ? place.bottom + 4 : Math.max(8, place.top - items.offsetHeight - 4)}px`;
      items.style.left = `${Math.max(8, Math.min(place.right, innerWidth - 8) - items.offsetWidth)}px`;
    };
    put();
    addEventListener("resize", put);
    items.addEventListener("close", () => removeEventListener("resize", put), { once: true });
  };
  return html`
    <button type="button" ref=${opener} class="button is-quiet is-square menu" aria-label=${label} title=${label} aria-haspopup="dialog" onClick=${open}><${Icon} name="more" /></button>
    <dialog ref=${menu} class="menu-items" aria-label=${label} onClickCapture=${() => menu.current?.close()}>${children}</dialog>
  `;
}
