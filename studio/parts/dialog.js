// A window over the page. What the page has to say meanwhile is said in it: all around it is out of reach.
import { html, useLayoutEffect, useRef } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";
import { Notice } from "./notice_bar.js";

/** Escape and its button close it. @param {{title: string, open: boolean, onClose: () => void, children?: any, kind?: string}} props */
export function Dialog({ title, open, onClose, children, kind = "" }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    if (!open) return;
    const [shown, before] = [dialog.current, document.activeElement];
    shown?.showModal();
    return () => {
      shown?.close();  // nothing else can have the focus before that
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);
  if (!open) return null;
  return html`
    <dialog ref=${dialog} class=${kind} aria-label=${title} onClose=${onClose} onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && onClose()}>
      <div class="dialog-body">
        <header><h2>${title}</h2><${Button} icon="close" label=${m.close} iconOnly kind="is-quiet" onClick=${onClose} /></header>
        ${children}
      </div>
      <${Notice} />
    </dialog>
  `;
}
