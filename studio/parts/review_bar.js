// The decisions of a review, each with its key beside its word.
import { can, rejectImage } from "../core/decisions.js";
import { atMost } from "../core/format.js";
import { scriptPath } from "../core/router.js";
import { html } from "../core/ui.js";
import { m } from "../messages.js";
import { Button, Link } from "./controls.js";
import { Icon } from "./icons.js";
import { RejectForm } from "./reject_form.js";

/** @param {any} props */
export function ReviewBar({ image, scene, place, count, open, asking, isZoomed, compares, step, approve, ask, closeForm, zoom, compare, choose, back }) {
  const item = image ?? scene;
  const cost = image ? "" : atMost(scene.estimate);
  return html`
    <div class="review-bar" role="toolbar" aria-label=${m.decisions}>
      ${asking === "reject" && image && can(image, "REJECT")
        ? html`<${RejectForm} draftKey=${`why:${image.id}`} send=${(/** @type {string} */ reason) => rejectImage(image, reason)} onDone=${closeForm} />`
        : html`
          <div class="bar-decide">
            <${Button} label=${image?.stale ? m.approveStale : image ? m.approve : m.approveWords} icon="approve" keys="A" kind="is-approve is-large" disabled=${!can(item, "APPROVE")} onClick=${approve} />
            ${image && html`<${Button} label=${m.reject} icon="reject" keys="R" kind="is-reject is-large" disabled=${!can(image, "REJECT")} onClick=${() => ask("reject")} />`}
            ${image && can(image, "CHOOSE") && scene.chosenImage !== image.id && html`<${Button} label=${m.choose} kind="is-large" onClick=${choose} />`}
            ${cost && html`<span class="meta">${cost}</span>`}
          </div>
          <div class="bar-look">
            ${can(scene, "GENERATE") && html`<${Button} label=${m.another} icon="plus" keys="G" kind="is-quiet" onClick=${() => ask("prompt")} />`}
            ${image && (scene.images?.length ?? 0) > 1 && html`<${Button} label=${m.compare} icon="pair" keys="C" kind="is-quiet" aria-pressed=${compares} onClick=${compare} />`}
            ${image && html`<${Button} label=${m.zoom} icon="zoom" keys="Z" kind="is-quiet" aria-pressed=${isZoomed} onClick=${zoom} />`}
          </div>
          <div class="bar-move">
            <${Button} label=${m.keyPrevious} icon="left" keys="K" iconOnly disabled=${place <= 1} onClick=${() => step(-1)} />
            <p class="position"><strong>${place > 0 ? m.of(place, count) : ""}</strong> <span class="meta">${m.openCount(open)}</span></p>
            <${Button} label=${m.keyNext} icon="right" keys="J" iconOnly disabled=${place >= count} onClick=${() => step(1)} />
            ${back && html`<${Link} to=${scriptPath(back, "scenes")} class="button is-quiet is-square" aria-label=${m.backToScript} title=${m.backToScript}><${Icon} name="close" /><//>`}
          </div>
        `}
    </div>
  `;
}
