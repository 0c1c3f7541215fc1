// How long a video will be and what its voice will cost, before it is asked for.
import { Unreachable, ask } from "../core/api.js";
import { VIDEO_ESTIMATE } from "../core/documents.js";
import { videoSeconds } from "../core/estimates.js";
import { atMost, duration } from "../core/format.js";
import { html, useEffect, useState } from "../core/ui.js";
import { m } from "../messages.js";

const SETTLES_MS = 300;

/** @param {import("../core/types").Estimate} estimate */
function costWords(estimate) {
  if (estimate.calls === 0) return m.videoFree;
  return estimate.amount === null ? m.videoCostUnknown : m.videoCosts(atMost(estimate));
}

/** @param {{script: import("../core/types").Script, scenes: import("../core/types").Scene[], choices: import("../core/rendering.js").Choices, render: object | undefined}} props */
export function VideoEstimate({ script, scenes, choices, render }) {
  const [cost, setCost] = useState("");
  const [fault, setFault] = useState("");
  const asked = JSON.stringify(render ?? null);
  const words = scenes.reduce((sum, scene) => sum + scene.version, 0);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { videoEstimate } = (await ask(VIDEO_ESTIMATE, { id: script.id, render: JSON.parse(asked) }, { signal: stop.signal })).script;
        setCost(!videoEstimate ? "" : costWords(videoEstimate));
        setFault("");
      } catch (error) {
        if (!stop.signal.aborted && !(error instanceof Unreachable)) setFault(/** @type {Error} */ (error).message);
      }
    }, SETTLES_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [script.id, asked, words]);
  if (fault) return html`<p class="fault" role="alert">${fault}</p>`;
  return html`<p class="meta"><span>${m.videoLength(duration(videoSeconds(scenes, choices)))}</span> <span>${cost}</span></p>`;
}
