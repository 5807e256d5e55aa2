// How long to wait before something is tried again.

export interface Backoff {
  /** Ceiling of the first wait. */
  firstMs: number;
  /** Ceiling of every wait. */
  mostMs: number;
}

/** Full jitter: anything up to a ceiling that doubles, so that clients cut off together don't
 *  come back together. `attempt` counts from 0, `random` is in [0, 1). */
export function jittered(backoff: Backoff, attempt: number, random = Math.random()): number {
  const ceiling = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * random);
}

/** Milliseconds that a `Retry-After` asks for: seconds or an HTTP date. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
