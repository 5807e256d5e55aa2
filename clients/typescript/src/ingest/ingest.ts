// Events on their way to the collector: gathered to batches, kept until their fate is known.

import { attempt, complain } from "../attempt.js";
import { jittered, sleep, type Backoff } from "../backoff.js";
import { TidemarkError } from "../error.js";
import type { Fetch } from "../http.js";
import { deliver, type Outcome, type Violation } from "./deliver.js";
import { line, parsed, type Line, type NewEvent } from "./event.js";
import { onLeaving } from "./leaving.js";
import { fitting, ndjson, Queue, type BatchLimits, type QueueLimits } from "./queue.js";
import type {
  FlushOptions,
  FlushReport,
  IngestOptions,
  Undelivered,
  UndeliveredReason,
} from "./options.js";

const BATCH: BatchLimits = { events: 500, bytes: 262_144 };
const QUEUE: QueueLimits = { events: 10_000, bytes: 8_388_608 };
const BACKOFF: Backoff = { firstMs: 500, mostMs: 30_000 };
const LONGEST_PAUSE_MS = 300_000;
/** Timers take no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Browsers let a leaving page send 64 KiB. */
const BEACON_BYTES = 61_440;

export class Ingest {
  private readonly queue: Queue;
  private readonly most: BatchLimits;
  private limits: BatchLimits;
  private readonly loaded: Promise<void>;
  private readonly stopListening: () => void;
  private turn: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private pausedUntil = 0;
  private askedUntil = 0;
  private lastError: TidemarkError | undefined;
  /** Flushes that want to know of the commit. */
  private committing = 0;
  /** The last event accepted, unless the database is known to have it and all before it. */
  private uncommitted: Line | undefined;
  /** The storage had more than there was room for. */
  private moreIsStored = false;
  private closed = false;
  /** What is being sent, and what ends that. */
  private sending: { batch: readonly Line[]; abort: AbortController } | undefined;
  /** It is closed, and nothing is sent any more. */
  private ended = false;

  /** `url` is ingestion's, up to and without `/api/v1`. */
  constructor(
    private readonly url: string,
    private readonly fetch: Fetch,
    private readonly options: IngestOptions = {},
    /** A beacon can't carry a key. */
    private readonly keyed = false,
  ) {
    this.queue = new Queue({ ...QUEUE, ...options.queue });
    this.most = { ...BATCH, ...options.batch };
    this.limits = this.most;
    this.loaded = this.load();
    this.stopListening = onLeaving({
      hidden: () => void this.flush(),
      gone: (forGood) => this.leave(forGood),
      online: () => this.hurry(),
    });
  }

  /** Events that wait. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Puts an event into the queue and gives its id. Never waits.
   *  @throws {TypeError} for what JSON can't hold. */
  track(event: NewEvent): string {
    const tracked = line(event);
    if (this.closed) {
      this.giveUp(tracked, "closed", "the client is closed");
    } else if (!this.queue.push(tracked)) {
      this.giveUp(tracked, "queue_full", "more events wait already than the queue may hold");
    } else {
      this.guarded(() => this.options.storage?.put(tracked.id, tracked.json));
      this.schedule();
    }
    return tracked.id;
  }

  /** Sends what waits now, again and again until its fate is known or the time is over. What
   *  then still waits is sent later. Never rejects. */
  async flush({ committed = false, timeoutMs = 10_000 }: FlushOptions = {}): Promise<FlushReport> {
    const deadline = Date.now() + timeoutMs;
    await before(deadline, this.loaded);
    const asked = this.queue.all();
    await before(deadline, this.send(asked, committed, deadline));
    const left = this.waitingOf(asked);
    const error = left > 0 && this.lastError !== undefined ? { error: this.lastError } : {};
    const report = { settled: asked.length - left, waiting: left, ...error };
    if (!committed) return report;
    return { ...report, committed: left === 0 && this.uncommitted === undefined };
  }

  /** Takes no more events, and flushes. What then still waits stays in the storage, or is told
   *  to `onUndelivered`. */
  async close(options: FlushOptions = {}): Promise<FlushReport> {
    this.closed = true;
    const report = await this.flush({ timeoutMs: 5_000, ...options });
    this.unschedule();
    this.stopListening();
    this.ended = true;
    this.sending?.abort.abort();
    if (this.options.storage === undefined) this.giveBack();
    return report;
  }

  private giveBack(): void {
    const detail = this.lastError?.detail ?? "there was no time to send it";
    for (const line of this.queue.all()) {
      const sent = this.sending?.batch.includes(line);
      this.giveUp(line, "closed", sent ? "it was being sent, and may have arrived" : detail);
    }
  }

  private async send(asked: Line[], committed: boolean, deadline: number): Promise<void> {
    this.waitOnlyAsAsked();
    this.committing += committed ? 1 : 0;
    while (this.waitingOf(asked) > 0 && !this.ended) {
      const pause = this.pauseMs();
      if (Date.now() + pause > deadline) break;
      await sleep(pause);
      await this.inTurn(() => this.sendBatch());
    }
    this.committing -= committed ? 1 : 0;
    if (!committed || this.waitingOf(asked) > 0) return;
    await this.inTurn(() => this.askForCommit(deadline));
  }

  private waitingOf(lines: Line[]): number {
    return lines.filter((line) => this.queue.has(line.id)).length;
  }

  private async load(): Promise<void> {
    const { storage } = this.options;
    this.moreIsStored = false;
    try {
      for (const [id, json] of (await storage?.load()) ?? []) this.take(id, json);
    } catch (error) {
      this.trouble(error);
    }
    this.schedule();
  }

  private take(id: string, json: string): void {
    try {
      JSON.parse(json);
      if (!this.queue.push(parsed(id, json))) this.moreIsStored = true;
    } catch (cause) {
      const detail = `what the storage holds for ${id} is not JSON`;
      this.trouble(new Error(detail, { cause }));
      this.guarded(() => this.options.storage?.remove(id));
    }
  }

  private schedule(): void {
    if (this.closed) return;
    const full = this.queue.isFull(this.limits);
    if (full && this.failures === 0) this.unschedule();
    if (this.timer !== undefined || this.queue.size === 0) return;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        void this.inTurn(() => this.sendBatch());
      },
      Math.max(this.pauseMs(), full ? 0 : (this.options.lingerMs ?? 1_000)),
    );
  }

  private unschedule(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** The network is back: no reason to wait longer. */
  private hurry(): void {
    this.unschedule();
    this.waitOnlyAsAsked();
    this.schedule();
  }

  private pauseMs(): number {
    return Math.max(0, this.pausedUntil - Date.now());
  }

  /** Our own backoff ends, what a `Retry-After` asks for doesn't. */
  private waitOnlyAsAsked(): void {
    this.pausedUntil = Math.min(this.pausedUntil, this.askedUntil);
  }

  /** One request at a time. */
  private inTurn(send: () => Promise<void>): Promise<void> {
    this.turn = this.turn
      .then(send)
      .catch((error: unknown) => this.failed(TidemarkError.from(error)))
      .then(() => this.schedule());
    return this.turn;
  }

  /** Nothing during a pause, which may have begun since this was to happen. */
  private async sendBatch(): Promise<void> {
    const batch = this.queue.batch(this.limits);
    if (this.ended || batch.length === 0 || this.pauseMs() > 0) return;
    const outcome = await this.deliver(batch, this.committing > 0);
    if (outcome.name === "failed") this.failed(outcome.error);
    else this.settle(batch, outcome);
    if (this.moreIsStored && this.queue.size === 0) await this.load();
  }

  /** Nobody waited for the commit of the last event accepted, for instance since it left by
   *  itself before a flush asked. Sent again, it is counted once. */
  private async askForCommit(deadline: number): Promise<void> {
    const last = this.uncommitted;
    if (this.ended || last === undefined) return;
    if (this.pauseMs() > 0 || Date.now() >= deadline) return;
    const outcome = await this.deliver([last], true);
    if (outcome.name === "answered" && outcome.committed) this.uncommitted = undefined;
    if (outcome.name === "failed") this.failed(outcome.error);
  }

  private async deliver(batch: Line[], committed: boolean): Promise<Outcome> {
    const { gzip = true, timeoutMs = 15_000 } = this.options;
    const { fetch, url } = this;
    const abort = new AbortController();
    this.sending = { batch, abort };
    const outcome = await deliver(batch, committed, { fetch, url, gzip, timeoutMs, signal: abort.signal });
    this.sending = undefined;
    return outcome;
  }

  /** Meanwhile some may have been given up: those are told already. */
  private settle(batch: Line[], outcome: Exclude<Outcome, { name: "failed" }>): void {
    const waits = (line: Line) => this.queue.has(line.id);
    this.failures = 0;
    this.pausedUntil = 0;
    switch (outcome.name) {
      case "answered": {
        // The collector says it of all entries up to the last one.
        if (outcome.accepted.length > 0) {
          this.uncommitted = outcome.committed ? undefined : outcome.accepted.at(-1);
        }
        for (const line of outcome.accepted) this.forget(line);
        for (const { line, violations } of outcome.refused) {
          if (!waits(line)) continue;
          const detail = violations.map((it) => `${it.pointer}: ${it.detail}`).join("; ");
          this.giveUp(line, "rejected", detail, violations);
        }
        const events = Math.min(this.most.events, this.limits.events * 2);
        this.limits = { ...this.limits, events };
        break;
      }
      case "too_large":
        this.limits = { ...this.limits, events: Math.ceil(batch.length / 2) };
        if (batch.length > 1) break;
        for (const line of batch.filter(waits)) this.giveUp(line, "too_large", outcome.error.detail);
        break;
      case "refused":
        for (const line of batch.filter(waits)) this.giveUp(line, "refused", outcome.error.detail);
        break;
    }
  }

  private failed(error: TidemarkError): void {
    if (this.ended) return;
    const asked = Math.min((error.retryAfter ?? 0) * 1_000, LONGEST_PAUSE_MS);
    this.askedUntil = Date.now() + asked;
    this.pausedUntil = Date.now() + Math.max(asked, jittered(BACKOFF, this.failures));
    this.failures += 1;
    this.lastError = error;
    if (this.options.onTrouble !== undefined) this.trouble(error);
  }

  private forget(line: Line): void {
    this.queue.remove(line.id);
    this.guarded(() => this.options.storage?.remove(line.id));
  }

  private giveUp(
    line: Line,
    reason: UndeliveredReason,
    detail: string,
    violations: Violation[] = [],
  ): void {
    if (this.queue.has(line.id)) this.forget(line);
    const event = JSON.parse(line.json) as NewEvent;
    const tell = this.options.onUndelivered ?? sayUndelivered;
    this.guarded(() => tell({ event, reason, detail, violations }));
  }

  /** The last chance to send. What was sent by it stays in the queue, since nothing tells
   *  whether it arrived: if the page or the storage survives, it is sent again. */
  private leave(forGood: boolean): void {
    const lines = this.queue.all();
    const last = fitting(lines, BEACON_BYTES);
    // As text/plain it needs no preflight, for which a leaving page has no time.
    const content = new Blob([ndjson(last)], { type: "text/plain;charset=UTF-8" });
    const sent = last.length > 0 && this.beacon(content);
    if (!forGood || this.options.storage !== undefined) return;
    for (const line of lines.slice(sent ? last.length : 0)) {
      this.giveUp(line, "page_closed", "the page went before the event could be sent");
    }
  }

  private beacon(content: Blob): boolean {
    const url = `${this.url}/api/v1/events`;
    if (!this.keyed) return navigator.sendBeacon(url, content);
    this.fetch(url, { method: "POST", body: content, keepalive: true }).catch(() => {});
    return true;
  }

  /** Neither a callback nor a storage may stop the queue. */
  private guarded(call: () => unknown): void {
    attempt(call, (error) => this.trouble(error));
  }

  private trouble(error: unknown): void {
    const tell = this.options.onTrouble ?? complain;
    attempt(() => tell(error));
  }
}

/** Waits for it, but no longer than until then. */
async function before(deadline: number, work: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const late = sleep(Math.min(deadline - Date.now(), LONGEST_TIMER_MS), enough.signal).catch(() => {});
  await Promise.race([work, late]);
  enough.abort();
}

function sayUndelivered({ event, reason, detail }: Undelivered): void {
  console.warn(`tidemark: event ${event.event_id} was not delivered (${reason}): ${detail}`);
}
