// Whether those who write prompts, make images and speak can work. A pause is not in the event log: it is asked for when
// a job says that something is amiss, and now and then.
import { Unreachable, ask } from "./api.js";
import { PAUSES, WAITING_FOR_PROVIDER } from "./documents.js";
import { command } from "./commands.js";
import { say } from "./notices.js";
import { signal } from "./ui.js";
import { m } from "../messages.js";

/** @typedef {import("./types").Provider} Provider */

const CALM_MS = 60_000;
const PAUSED_MS = 4_000;
const MOMENT_MS = 400;

/** Those that are paused. */
export const paused = signal(/** @type {Provider[]} */ ([]));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Asks again, a moment from now. */
export function askProviders() {
  clearTimeout(timer);
  timer = setTimeout(() => void read(), MOMENT_MS);
}

async function read() {
  if (document.visibilityState === "visible") {
    try {
      /** @type {{providers: Provider[]}} */
      const { providers } = await ask(PAUSES);
      paused.value = providers.filter((one) => one.pause);
    } catch (error) {
      if (!(error instanceof Unreachable)) console.error(error);
    }
  }
  clearTimeout(timer);
  timer = setTimeout(() => void read(), paused.peek().length ? PAUSED_MS : CALM_MS);
}

/** A job that has moved may be the first to meet a pause, or the one that ends it. @param {import("./types").Job} job */
export function hearOfJob(job) {
  if (job.error || (paused.peek().length && job.state === "SUCCEEDED")) askProviders();
}

/** One of the jobs that wait tries it; the others follow if it works. @param {Provider} provider */
export async function tryNow(provider) {
  let waiting = null;
  try {
    const { jobs } = await ask(WAITING_FOR_PROVIDER);
    waiting = jobs.nodes.find((/** @type {any} */ job) => job.error?.code === provider.pause?.code);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    return void say(m.unreachable, { tone: "bad" });
  }
  if (!waiting) say(m.nothingWaitsForProvider);
  else if (await command("retryJob", { id: waiting.id })) say(m.triedNow);
  askProviders();
}
