// One batch to the collector, and what became of each of its events.

import { TidemarkError } from "../error.js";
import { body, once, refusal, type Fetch, type Init } from "../http.js";
import type { Line } from "./event.js";
import { ndjson } from "./queue.js";

/** Why the collector refused an event. */
export interface Violation {
  /** A JSON pointer into the event. */
  pointer: string;
  code: string;
  detail: string;
}

export interface Refused {
  line: Line;
  violations: Violation[];
}

export type Outcome =
  /** Their fate is known. The others of the batch have to be sent again. */
  | { name: "answered"; accepted: Line[]; refused: Refused[]; committed?: boolean }
  /** The batch is larger than a body may be. */
  | { name: "too_large"; error: TidemarkError }
  /** It would be refused again. */
  | { name: "refused"; error: TidemarkError }
  /** To be sent again, later. */
  | { name: "failed"; error: TidemarkError };

interface CollectorAnswer {
  accepted?: number;
  rejected?: number;
  errors?: (Violation & { index: number })[];
  errors_total?: number;
  committed?: boolean;
}

export interface DeliverOptions {
  fetch: Fetch;
  /** Of ingestion, up to and without `/api/v1`. */
  url: string;
  gzip: boolean;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Statuses that a body gets again however often it is sent. */
const FINAL = new Set([400, 415, 422]);
/** Below this size compression costs more than it saves. */
const WORTH_COMPRESSING = 1_024;
/** The collector takes what is up to 100 times as large as it was sent. */
const LARGEST_RATIO = 90;

export async function deliver(
  batch: readonly Line[],
  committed: boolean,
  options: DeliverOptions,
): Promise<Outcome> {
  const { signal } = options;
  const url = `${options.url}/api/v1/events${committed ? "?wait=committed" : ""}`;
  try {
    const init = { method: "POST", signal, ...(await encoded(ndjson(batch), options.gzip)) };
    const response = await once(options.fetch, url, init, options.timeoutMs);
    if (response.ok) return answered(batch, checked(await body<CollectorAnswer | null>(response, signal)));
    const error = await refusal(response);
    if (error.code === "all_events_refused") return answered(batch, error.problem as CollectorAnswer);
    if (error.status === 413) return { name: "too_large", error };
    return { name: FINAL.has(error.status) ? "refused" : "failed", error };
  } catch (cause) {
    return { name: "failed", error: TidemarkError.from(cause) };
  }
}

/** The collector tells the first hundred reasons, in the order of the events. Where there were
 *  more, the fate of the events after the last one told isn't known. */
export function answered(batch: readonly Line[], answer: CollectorAnswer): Outcome {
  const errors = answer.errors ?? [];
  const last = errors.at(-1);
  const all = last === undefined || (answer.errors_total ?? 0) <= errors.length;
  const known = all ? batch.length : last.index + 1;
  const violations = new Map<number, Violation[]>();
  for (const { index, ...violation } of errors) {
    violations.set(index, [...(violations.get(index) ?? []), violation]);
  }
  const accepted: Line[] = [];
  const refused: Refused[] = [];
  for (const [index, line] of batch.slice(0, known).entries()) {
    const reasons = violations.get(index);
    if (reasons === undefined) accepted.push(line);
    else refused.push({ line, violations: reasons });
  }
  const { committed } = answer;
  return { name: "answered", accepted, refused, ...(committed === undefined ? {} : { committed }) };
}

/** Whatever else answers with 200 has not taken the events. */
function checked(answer: CollectorAnswer | null): CollectorAnswer {
  if (typeof answer?.accepted === "number") return answer;
  const detail = "the answer is not the collector's; is there something else at this address?";
  throw new TidemarkError(0, { code: "malformed_answer", detail });
}

async function encoded(text: string, gzip: boolean): Promise<Init> {
  const headers: Record<string, string> = { "Content-Type": "application/x-ndjson" };
  if (!gzip || text.length < WORTH_COMPRESSING || typeof CompressionStream === "undefined") {
    return { headers, body: text };
  }
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const zipped = await new Response(stream).arrayBuffer();
  if (text.length > zipped.byteLength * LARGEST_RATIO) return { headers, body: text };
  return { headers: { ...headers, "Content-Encoding": "gzip" }, body: zipped };
}
