// The images of a scene side by side in the order they were made, with what was said between them.
import { html } from "../core/ui.js";
import { exactly, when } from "../core/format.js";
import { thing } from "../core/store.js";
import { m } from "../messages.js";
import { Badge, Tag } from "./controls.js";
import { Photo } from "./picture.js";

/**
 * @param {{scene: import("../core/types").Scene, width: number, current?: string | null, onPick?: (id: string) => void,
 *   href?: (id: string) => string, under?: (image: import("../core/types").Picture) => any}} props
 */
export function Attempts({ scene, width, current = null, onPick, under }) {
  const images = (scene.images ?? []).map((id) => thing(id)).filter(Boolean);
  return html`
    <ol class="attempts">
      ${images.map((/** @type {import("../core/types").Picture} */ image) => {
        const said = image.lastDecision?.feedback;
        const isChosen = scene.chosenImage === image.id;
        return html`
          <li key=${image.id} class=${`attempt is-${image.status.toLowerCase()} ${isChosen ? "is-chosen" : ""}`}>
            <figure>
              <button type="button" class="attempt-look" aria-pressed=${current === null ? undefined : current === image.id}
                onClick=${() => onPick?.(image.id)}><span class="unseen">${m.lookAtAttempt(scene.order, image.attempt, m.imageStatuses[image.status])}</span><${Photo} image=${image} width=${width} alt="" /></button>
              <figcaption>
                <span class="attempt-number">${m.attempt(image.attempt)}</span>
                ${isChosen ? html`<${Tag} icon="approve" tone="is-approved">${m.chosen}<//>` : html`<${Badge} status=${image.status} words=${m.imageStatuses} />`}
                ${image.stale && html`<${Tag} icon="stale" tone="is-stale">${m.stale}<//>`}
              </figcaption>
              ${under?.(image)}
            </figure>
            ${said && html`<blockquote class="said"><p dir="auto">${said}</p><footer title=${exactly(image.lastDecision?.decidedAt ?? "")}>${m.actor(image.lastDecision?.actor ?? "")}, ${when(image.lastDecision?.decidedAt ?? "")}</footer></blockquote>`}
          </li>
        `;
      })}
    </ol>
  `;
}
