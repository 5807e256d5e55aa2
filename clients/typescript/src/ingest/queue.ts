// Events that wait to be sent, and the batches made of them.

import type { Line } from "./event.js";

export interface BatchLimits {
  /** Events of one request, at most 20,000. */
  events: number;
  /** Bytes of one request before compression. An event that is larger is sent alone. */
  bytes: number;
}

export interface QueueLimits {
  events: number;
  bytes: number;
}

/** First in, first out. A batch stays in the queue until its fate is known. */
export class Queue {
  private lines = new Map<string, Line>();
  private held = 0;

  constructor(private readonly limits: QueueLimits) {}

  get size(): number {
    return this.lines.size;
  }

  get bytes(): number {
    return this.held;
  }

  has(id: string): boolean {
    return this.lines.has(id);
  }

  /** False where there is no room. What is there already isn't taken twice. */
  push(line: Line): boolean {
    if (this.lines.has(line.id)) return true;
    const full = this.lines.size >= this.limits.events;
    if (full || this.held + line.bytes > this.limits.bytes) return false;
    this.lines.set(line.id, line);
    this.held += line.bytes;
    return true;
  }

  remove(id: string): void {
    this.held -= this.lines.get(id)?.bytes ?? 0;
    this.lines.delete(id);
  }

  /** The oldest events that fit into one request: at least one, where there is any. */
  batch(limits: BatchLimits): Line[] {
    const batch: Line[] = [];
    let bytes = 0;
    for (const line of this.lines.values()) {
      const full = batch.length >= limits.events || bytes + line.bytes > limits.bytes;
      if (full && batch.length > 0) break;
      batch.push(line);
      bytes += line.bytes;
    }
    return batch;
  }

  /** Whether one more event would not fit into the next batch. */
  isFull(limits: BatchLimits): boolean {
    return this.lines.size >= limits.events || this.held >= limits.bytes;
  }

  all(): Line[] {
    return [...this.lines.values()];
  }
}

export function ndjson(batch: readonly Line[]): string {
  return batch.map((line) => `${line.json}\n`).join("");
}

/** The oldest events whose lines have no more bytes than this. */
export function fitting(lines: readonly Line[], bytes: number): Line[] {
  let left = bytes;
  const end = lines.findIndex((line) => (left -= line.bytes) < 0);
  return lines.slice(0, end === -1 ? lines.length : end);
}
