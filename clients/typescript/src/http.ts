// Requests to one daemon: waits and tries again where it is asked to, and turns everything
// that goes wrong into a `TidemarkError`.

import { jittered, retryAfterMs, sleep, type Backoff } from "./backoff.js";
import { TidemarkError } from "./error.js";
import type { Problem } from "./types.js";

/** What is used of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The same with a key. */
export function keyed(fetch: Fetch, key: string): Fetch {
  return (url, init) => {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${key}`);
    return fetch(url, { ...init, headers });
  };
}

export interface RequestOptions {
  /** Ends the request, and the waits between its attempts. */
  signal?: AbortSignal | undefined;
}

export interface Init extends Omit<RequestInit, "signal">, RequestOptions {}

export interface RetryOptions {
  /** Attempts in all; 1 never tries again. */
  attempts: number;
  /** Where `Retry-After` asks for more, the refusal is thrown at once. */
  longestWaitMs: number;
  /** For one attempt. */
  timeoutMs: number;
}

export const RETRY: RetryOptions = { attempts: 4, longestWaitMs: 5_000, timeoutMs: 30_000 };

const BACKOFF: Backoff = { firstMs: 250, mostMs: 4_000 };

/** Sends what may be sent twice; 304 counts as an answer.
 *  @throws {TidemarkError} for what is neither 2xx nor 304; the signal's reason when aborted. */
export async function request(
  fetch: Fetch,
  url: string,
  init: Init,
  retry: RetryOptions,
): Promise<Response> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await once(fetch, url, init, retry.timeoutMs);
    if (response.ok || response.status === 304) return response;
    const error = await refusal(response);
    // What took too long once would take as long again.
    const late = error.code.endsWith("_timeout");
    const again = response.status === 429 || (response.status === 503 && !late);
    const wait = Math.max((error.retryAfter ?? 0) * 1_000, jittered(BACKOFF, attempt));
    if (!again || attempt + 1 >= retry.attempts || wait > retry.longestWaitMs) throw error;
    await sleep(wait, init.signal);
  }
}

/** One attempt, whatever its status.
 *  @throws {TidemarkError} `unreachable` or `timeout`. */
export async function once(
  fetch: Fetch,
  url: string,
  init: Init,
  timeoutMs: number,
): Promise<Response> {
  const late = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, late]) : late;
  try {
    return await fetch(url, { ...init, signal });
  } catch (cause) {
    init.signal?.throwIfAborted();
    const [code, detail] = late.aborted
      ? ["timeout", `no answer within ${timeoutMs / 1_000} s`]
      : ["unreachable", "no answer; is the address right, and does the daemon run?"];
    throw new TidemarkError(0, { code, detail: `${new URL(url, here()).origin}: ${detail}` }, { cause });
  }
}

/** The refusal that a response is. */
export async function refusal(response: Response): Promise<TidemarkError> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem> | null;
  const wait = retryAfterMs(response.headers.get("Retry-After"));
  const known = typeof problem === "object" && problem !== null ? problem : {};
  const details = wait === undefined ? {} : { retryAfter: wait / 1_000 };
  return new TidemarkError(response.status, { title: response.statusText, ...known }, details);
}

/** @throws {TidemarkError} as `text` and `parsed` do. */
export async function body<T>(response: Response, signal?: AbortSignal): Promise<T> {
  return parsed(await text(response, signal), response.status);
}

/** @throws {TidemarkError} `unreachable` or `timeout` where it breaks off; the signal's reason when
 *  aborted. */
export async function text(response: Response, signal?: AbortSignal): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    const late = cause instanceof DOMException && cause.name === "TimeoutError";
    const [code, detail] = late
      ? ["timeout", "the answer did not end in time"]
      : ["unreachable", "the answer broke off"];
    throw new TidemarkError(0, { code, detail }, { cause });
  }
}

/** @throws {TidemarkError} `malformed_answer`. */
export function parsed<T>(text: string, status: number): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const detail = "the answer is not JSON; is there something else at this address?";
    throw new TidemarkError(status, { code: "malformed_answer", detail }, { cause });
  }
}

/** What relative addresses are relative to. */
export function here(): string | undefined {
  return globalThis.location?.href;
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
