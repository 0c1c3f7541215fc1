// One script as it is now: read once, then kept up to date by what happens in it.
import { m } from "../messages.js";
import { Unreachable, ask } from "./api.js";
import { explain } from "./commands.js";
import * as documents from "./documents.js";
import { subscribe, whenReachable } from "./live.js";
import { dismiss, say, whisper } from "./notices.js";
import { hearOfJob } from "./providers.js";
import { navigate, scriptPath } from "./router.js";
import { amend, asking, peek, put } from "./store.js";
import { signal, useEffect } from "./ui.js";

/** @typedef {{state: "loading" | "ready" | "missing" | "failed", why: string}} Reading */
/** @typedef {{reading: import("../vendor/signals.js").Signal<Reading>, users: number, stop: () => void}} Watch */

/** @type {Map<string, Watch>} */
const watches = new Map();
const LINGERS_MS = 5_000;
/** Counts what has happened in scripts that are open: lists of it read again when it moves. */
export const activity = signal(0);
const STRUCTURAL = ["CREATED", "REMOVED"];

/** The script's state of reading; its things are in the store. @param {string} id */
export function useScript(id) {
  const watch = watches.get(id) ?? begin(id);
  useEffect(() => {
    watch.users += 1;
    return () => {
      watch.users -= 1;
      setTimeout(() => {
        if (watch.users > 0 || watches.get(id) !== watch) return;
        watches.delete(id);
        watch.stop();
      }, LINGERS_MS);
    };
  }, [watch]);
  return watch.reading.value;
}

/** @param {string} id @returns {Watch} */
function begin(id) {
  /** @type {string | null} */
  let cursor = null;
  let ended = false;
  /** @type {(() => void)[]} */
  const streams = [];
  const reading = signal(/** @type {Reading} */ ({ state: "loading", why: "" }));

  const readAll = async () => {
    const asked = asking();
    const data = await ask(documents.SCRIPT_WHOLE, { id });
    if (data.script) put(data.script, asked);
    reading.value = { state: data.script ? "ready" : "missing", why: "" };
    return data;
  };
  const again = soon(250, () => unlessOvertaken(readAll, later));
  const later = soon(2_000, () => unlessOvertaken(readAll, () => later()));
  const counts = soon(400, () => read(documents.SCRIPT_COUNTS, { id }));
  const refreshScene = keyed((sceneId) => {
    const readScene = () => read(documents.SCENE_WHOLE, { id: sceneId });
    const refresh = soon(120, () => unlessOvertaken(readScene, () => refresh()));
    return refresh;
  });

  const start = async () => {
    while (!ended && cursor === null) {
      try {
        const data = await readAll();
        cursor = data.eventCursor;
        if (!data.script) return;
      } catch (error) {
        reading.value = { state: "failed", why: explain(error) };
        if (!(error instanceof Unreachable)) return;
        await whenReachable();
      }
    }
    if (ended) return;
    streams.push(
      subscribe({
        query: documents.SCRIPT_CHANGED,
        variables: () => ({ scriptId: id, after: cursor }),
        next({ scriptChanged: change }) {
          cursor = change.cursor;
          const subject = change.subject;
          apply(put(change), subject, id, { again, counts, refreshScene });
        },
        async refused() {
          cursor = (await readAll()).eventCursor;
        },
      }),
      subscribe({ query: documents.JOB_PROGRESS, variables: () => ({ scriptId: id }), next: put }),
    );
  };
  const watch = {
    reading, users: 0,
    stop() {
      ended = true;
      streams.forEach((end) => end());
    },
  };
  watches.set(id, watch);
  void start();
  return watch;
}

/** Tries again what failed. @param {string} id */
export function rereadScript(id) {
  watches.get(id)?.stop();
  watches.delete(id);
}

/**
 * @param {import("./types").Change} change
 * @param {any} subject
 * @param {string} scriptId
 * @param {{again: () => void, counts: () => void, refreshScene: (id: string) => void}} readers
 */
function apply(change, subject, scriptId, { again, counts, refreshScene }) {
  counts();
  activity.value += 1;
  const job = peek(change.job);
  if (job) return applyJob(job, scriptId);
  const kind = subject?.__typename;
  if (STRUCTURAL.includes(change.kind) && (kind !== "Image" || !addImage(subject))) again();
  else if (kind === "Script" && change.kind === "EDITED") again();
  else if (kind === "Scene") refreshScene(subject.id);
  else if (!subject) again();
}

/** @param {any} image */
function addImage(image) {
  const scene = peek(image.scene.id);
  if (!scene?.images) return false;
  if (!scene.images.includes(image.id)) {
    amend(scene.id, { images: [...scene.images, image.id] });
    whisper(m.newImage(scene.order));
  }
  return true;
}

/** The notice about work that has stopped, which goes when it goes on. @type {Map<string, number>} */
const saidOf = new Map();

/** @param {import("./types").Job} job @param {string} scriptId */
function applyJob(job, scriptId) {
  hearOfJob(job);
  const subject = job.subject;
  if (!subject) return;
  const slot = { SEGMENT_SCRIPT: "segmentation", GENERATE_IMAGE: "generation", COMPILE_VIDEO: "compilation" }[job.kind];
  amend(subject, { [slot]: job.id });
  const work = job.kind === "GENERATE_IMAGE" ? subject : `${scriptId} ${job.kind}`;
  dismiss(saidOf.get(work) ?? 0);
  if (job.state === "FAILED" || job.state === "PARKED") {
    const action = { label: m.showJobs, run: () => navigate(scriptPath(scriptId, "jobs")) };
    saidOf.set(work, say(m.jobStopped(job.error?.message ?? ""), { tone: "bad", action }));
  }
}

/** Takes in what is asked for. @param {string} query @param {Record<string, unknown>} variables */
export async function read(query, variables) {
  const asked = asking();
  put(await ask(query, variables), asked);
}

/** Does it once, a moment after the first of several wishes. @param {number} ms @param {() => Promise<unknown>} work */
export function soon(ms, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const run = async () => {
    timer = undefined;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Unreachable)) return console.error(error);
      await whenReachable();
      wish();
    }
  };
  const wish = () => {
    timer ??= setTimeout(() => void run(), ms);
  };
  return wish;
}

/** Reads, and reads again if something happened meanwhile: the answer may be from before it. @param {() => Promise<unknown>} read @param {() => void} again */
async function unlessOvertaken(read, again) {
  const before = activity.peek();
  await read();
  if (activity.peek() !== before) again();
}

/** @param {(key: string) => () => void} make */
function keyed(make) {
  /** @type {Map<string, () => void>} */
  const made = new Map();
  return (/** @type {string} */ key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    found();
  };
}
