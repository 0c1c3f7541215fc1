// The images of a scene side by side in the order they were made, with what was said between them.
import { html } from "../core/ui.js";
import { exactly, when } from "../core/format.js";
import { who } from "../core/own.js";
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
        const last = image.lastDecision;
        const isChosen = scene.chosenImage === image.id;
        return html`
          <li key=${image.id} data-image=${image.id} class=${`attempt is-${image.status.toLowerCase()} ${isChosen ? "is-chosen" : ""}`}>
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
            ${last?.feedback && html`<blockquote class="said"><p dir="auto">${last.feedback}</p><footer title=${exactly(last.decidedAt)}>${m.actor(who(last.actor, image.id, last.decidedAt))}, ${when(last.decidedAt)}</footer></blockquote>`}
          </li>
        `;
      })}
    </ol>
  `;
}
