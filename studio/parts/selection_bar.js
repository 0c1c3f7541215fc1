// Several images at once: how they are selected, and what is then decided about all of them.
import { approveImages, can, rejectImages } from "../core/decisions.js";
import { useKeys } from "../core/keys.js";
import { whisper } from "../core/notices.js";
import { pick, refusals, select, selected, unselect } from "../core/selection.js";
import { peek, thing } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { m } from "../messages.js";
import { Button } from "./controls.js";
import { RejectForm } from "./reject_form.js";

/** The box on an image that can be selected, and why the last decision on it was declined. @param {{image: import("../core/types").Picture, order: string[]}} props */
export function Pick({ image, order }) {
  const why = refusals.value.get(image.id);
  const place = thing(image.scene)?.order ?? 0;
  return html`
    ${can(image, "REJECT") && html`<label class="pick"><input type="checkbox" aria-label=${m.selectImage(place, image.attempt)} checked=${selected.value.has(image.id)}
      onClick=${(/** @type {MouseEvent} */ event) => pick([image.id], order, event.shiftKey)} /></label>`}
    ${why && html`<p class="fault">${m.notDecided(why)}</p>`}
  `;
}

/** What has the focus, as far as it can be selected: one image, or those of a scene. @param {string[]} order */
function focused(order) {
  const at = document.activeElement;
  const image = at?.closest("[data-image]")?.getAttribute("data-image");
  const scene = at?.closest("[data-scene]")?.getAttribute("data-scene");
  return order.filter((id) => (image ? id === image : peek(id)?.scene === scene));
}

/** @param {{order: string[], focus: (sceneId: string) => void}} props `order`: the images that can be selected */
export function SelectionBar({ order, focus }) {
  const [asks, setAsks] = useState(false);
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  const ids = order.filter((id) => selected.value.has(id));
  const images = ids.map((id) => peek(id));
  const stale = images.filter((image) => image.stale).length;
  const isAny = ids.length > 0;
  /** @param {() => void} act */
  const leaving = (act) => {
    const hadFocus = bar.current?.contains(document.activeElement);
    act();
    setAsks(false);
    if (hadFocus) focus(images[0].scene);
  };
  const approve = () => leaving(() => approveImages(images));
  const clear = () => leaving(() => unselect([...selected.peek()]));
  useKeys(m.keysSelection, [
    { keys: ["X"], label: m.keySelect, run: (event) => pick(focused(order), order, event.shiftKey) },
    { keys: ["Ctrl+A"], label: m.keySelectAll, run: () => select(order), when: () => order.length > 0 },
    { keys: ["A"], label: m.keyApproveSelected, run: approve, when: () => isAny },
    { keys: ["R"], label: m.keyRejectSelected, run: () => setAsks(true), when: () => isAny },
    { keys: ["Escape"], label: m.keySelectNone, run: clear, when: () => isAny },
  ]);
  useEffect(() => {
    whisper(isAny ? m.selectedCount(ids.length) : "");
    if (!isAny) setAsks(false);
  }, [ids.length]);
  if (!isAny) return null;
  return html`
    <div class="selection-bar" role="group" aria-label=${m.selection} ref=${bar}>
      <p><strong>${m.selectedCount(ids.length)}</strong>${stale > 0 && html` <span class="meta">${m.staleSelected(stale)}</span>`}</p>
      ${asks
        ? html`<${RejectForm} draftKey="why:selection" label=${m.rejectSelected(ids.length)} send=${(/** @type {string} */ why) => leaving(() => rejectImages(images, why))} onDone=${() => setAsks(false)} />`
        : html`<div class="actions">
            <${Button} label=${m.approveSelected(ids.length)} icon="approve" keys="A" kind="is-approve" onClick=${approve} />
            <${Button} label=${m.rejectSelected(ids.length)} icon="reject" keys="R" kind="is-reject" onClick=${() => setAsks(true)} />
            <${Button} label=${m.clearSelection} keys="Esc" kind="is-quiet" onClick=${clear} />
          </div>`}
    </div>
  `;
}
