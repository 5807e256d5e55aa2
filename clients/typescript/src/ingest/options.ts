// What the queue may hold and do, and what it tells.

import type { TidemarkError } from "../error.js";
import type { Violation } from "./deliver.js";
import type { NewEvent } from "./event.js";
import type { BatchLimits, QueueLimits } from "./queue.js";
import type { QueueStorage } from "./storage.js";

export interface IngestOptions {
  /** What one request holds: 500 events and 256 KiB. */
  batch?: Partial<BatchLimits>;
  /** How long the first event of a batch waits for others: 1,000 ms. */
  lingerMs?: number;
  /** What waits in memory: 10,000 events and 8 MiB. */
  queue?: Partial<QueueLimits>;
  /** Keeps what waits beyond the end of the program. */
  storage?: QueueStorage;
  /** Compress bodies where the platform can: true. */
  gzip?: boolean;
  /** For one request: 15,000 ms. */
  timeoutMs?: number;
  /** An event that will not be delivered. Without it the console is told. */
  onUndelivered?: (undelivered: Undelivered) => void;
  /** A request failed, or the storage did; nothing is lost by it. */
  onTrouble?: (error: unknown) => void;
}

export type UndeliveredReason =
  /** It breaks the rules that `violations` name. */
  | "rejected"
  /** More wait already than the queue may hold. */
  | "queue_full"
  /** It is larger than a body may be. */
  | "too_large"
  /** The collector can't read the request. */
  | "refused"
  /** The client was closed before it was known to have arrived. */
  | "closed"
  /** The page went before it could be sent, and there is no storage. */
  | "page_closed";

export interface Undelivered {
  event: NewEvent;
  reason: UndeliveredReason;
  detail: string;
  violations: Violation[];
}

export interface FlushOptions {
  /** Waits until the database has what is sent; the collector waits 10 s for that. */
  committed?: boolean;
  /** How long it tries: 10,000 ms. */
  timeoutMs?: number;
}

export interface FlushReport {
  /** Events whose fate is known: accepted, or told to `onUndelivered`. */
  settled: number;
  /** Events that still wait. */
  waiting: number;
  /** Whether the database is known to have everything accepted so far; only where that was
   *  asked for. */
  committed?: boolean;
  /** Why events still wait. */
  error?: TidemarkError;
}
