// What changes on the server, as it changes. A stream goes on behind the last thing it has seen, after sleep, a lost
// network or a restart of the server; where it cannot, it says so and its page is read again.
import { CloseCode, createClient } from "../vendor/graphql-ws.js";
import { Unreachable } from "./api.js";
import { signal } from "./ui.js";

/** @typedef {"connecting" | "live" | "away"} Connection */

/** @type {import("../vendor/signals.js").Signal<Connection>} */
export const connection = signal("connecting");
/** Since when the connection has been away; null while it is there. */
export const awaySince = signal(/** @type {number | null} */ (null));

const SHORTEST_MS = 250;
const LONGEST_MS = 8_000;
const SILENCE_MS = 10_000;
const PONG_MS = 5_000;

let failures = 0;
let lastHeard = Date.now();
/** @type {Set<() => void>} */
const sleepers = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pongDue;

const client = createClient({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
  retryAttempts: 0,
  keepAlive: SILENCE_MS,
  connectionAckWaitTimeout: 10_000,
  on: {
    connected() {
      failures = 0;
      heard();
      connection.value = "live";
      awaySince.value = null;
    },
    ping(received) {
      if (!received) pongDue = setTimeout(() => client.terminate(), PONG_MS);
    },
    pong: heard,
    message: heard,
    closed: lost,
  },
});

function heard() {
  lastHeard = Date.now();
  clearTimeout(pongDue);
}

function lost() {
  clearTimeout(pongDue);
  if (connection.peek() !== "away") awaySince.value = Date.now();
  connection.value = "away";
}

/** Waits longer each time, but not when there is reason to believe that it is worth a try at once. */
function pause() {
  const most = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** failures++);
  return new Promise((resolve) => {
    const wake = () => {
      sleepers.delete(wake);
      clearTimeout(timer);
      resolve(undefined);
    };
    const timer = setTimeout(wake, most / 2 + Math.random() * (most / 2));
    sleepers.add(wake);
  });
}

function hurry() {
  failures = 0;
  for (const wake of [...sleepers]) wake();
}

addEventListener("online", hurry);
addEventListener("offline", () => client.terminate());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  if (connection.peek() === "live" && Date.now() - lastHeard > SILENCE_MS + PONG_MS) client.terminate();
  hurry();
});

/** For who has not reached the server: resolves when it is worth asking again. */
export async function whenReachable() {
  if (connection.peek() === "connecting") lost();
  await pause();
}

/**
 * @param {{query: string, variables: () => Record<string, unknown>, next: (data: any) => void, refused?: () => Promise<void> | void}} stream
 *   `variables` are asked for anew at each connection, so that they name the last cursor. `refused` is called when that
 *   cursor is not good any more: it reads anew and sets another one.
 * @returns {() => void} what ends it
 */
export function subscribe({ query, variables, next, refused }) {
  let ended = false;
  /** @type {() => void} */
  let stop = () => {};
  const run = async () => {
    while (!ended) {
      const outcome = await once(query, variables(), next, (end) => (stop = end));
      if (ended || outcome === "completed") return;
      try {
        if (outcome === "refused" && refused) await refused();
        else await pause();
      } catch (error) {
        if (!(error instanceof Unreachable)) console.error(error);
        await pause();
      }
    }
  };
  void run();
  return () => {
    ended = true;
    stop();
  };
}

/**
 * @param {string} query @param {Record<string, unknown>} variables @param {(data: any) => void} next
 * @param {(end: () => void) => void} hand
 * @returns {Promise<"completed" | "refused" | "broken">}
 */
function once(query, variables, next, hand) {
  return new Promise((resolve) => {
    const end = client.subscribe(
      { query, variables },
      {
        next(result) {
          if (result.errors?.length) {
            resolve(isRefusal(result.errors) ? "refused" : "broken");
            end();
          } else if (result.data) next(result.data);
        },
        error(error) {
          if (!isRefusal(error)) lostUnlessOurs(error);
          resolve(isRefusal(error) ? "refused" : "broken");
        },
        complete: () => resolve("completed"),
      },
    );
    hand(end);
  });
}

/** @param {unknown} errors */
function isRefusal(errors) {
  return Array.isArray(errors) && errors.some((one) => one.extensions?.code === "CURSOR_INVALID");
}

/** @param {unknown} error */
function lostUnlessOurs(error) {
  if (Array.isArray(error)) console.error(error);
  else if (!(error instanceof CloseEvent && error.code === CloseCode.BadRequest)) lost();
}
