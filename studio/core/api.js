// GraphQL over HTTP: one request, one answer, and failures as three kinds that the page treats differently.
import { remember } from "./own.js";

const PATH = "/graphql";
const PATIENCE_MS = 30_000;

/** The server was not reached, or did not answer in time: trying again later may help. */
export class Unreachable extends Error {}

/** The server answered, but not with what was asked for. */
export class Failed extends Error {
  /** @param {string} message @param {string} code */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** The command was declined for a reason that the API has a sentence for; nothing was changed. */
export class Declined extends Error {
  /** @param {import("./types").UserError[]} errors @param {any} payload */
  constructor(errors, payload) {
    super(errors[0].message);
    this.code = errors[0].code;
    this.errors = errors;
    this.payload = payload;
  }
}

/**
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @param {{keepalive?: boolean, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function ask(query, variables = {}, options = {}) {
  const response = await sent(query, variables, options);
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    throw new Unreachable(`HTTP ${response.status}`);
  }
  /** @type {any} */
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Unreachable("The answer broke off.");
  }
  if (body.errors?.length) {
    const error = body.errors[0];
    throw new Failed(error.message, error.extensions?.code ?? "INTERNAL");
  }
  if (!response.ok) throw new Failed(body.detail ?? body.title ?? `HTTP ${response.status}`, body.code ?? "HTTP");
  return body.data;
}

/** @param {string} query @param {Record<string, unknown>} variables @param {{keepalive?: boolean, signal?: AbortSignal}} options */
async function sent(query, variables, options) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(PATH, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ query, variables }),
      keepalive: options.keepalive ?? false,
      signal: options.signal ? AbortSignal.any([options.signal, patience]) : patience,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
}

/**
 * One mutation of `documents.js`; its payload, or `Declined`.
 * @param {string} document
 * @param {Record<string, unknown>} input
 * @param {{keepalive?: boolean}} [options]
 */
export async function mutate(document, input, options) {
  const data = await ask(document, { input }, options);
  const payload = Object.values(data)[0];
  if (payload.userErrors?.length) throw new Declined(payload.userErrors, payload);
  remember(input, payload);
  return payload;
}
