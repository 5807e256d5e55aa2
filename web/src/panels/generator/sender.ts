// Changes on their way to ingestion. Those made in quick succession travel together, one request at a
// time, so that a slider in motion neither floods the daemon nor is overtaken by its own past.

import { joined, type Change } from "./settings";

const DEBOUNCE_MS = 200;

export interface Outgoing<T> {
  put: (change: Change) => Promise<T>;
  /** All that was changed so far is in effect. */
  settled: (answer: T) => void;
  failed: (error: Error) => void;
}

export class Sender<T> {
  /** What isn't in effect yet; after a refusal it is sent again with the next change. */
  private open: Change | null = null;
  private changed = false;
  private sending = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly outgoing: Outgoing<T>) {}

  send(change: Change): Change {
    this.open = joined(this.open ?? {}, change);
    this.changed = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.drain(), DEBOUNCE_MS);
    return this.open;
  }

  /** Forgets what isn't in effect. */
  discard(): void {
    clearTimeout(this.timer);
    this.open = null;
    this.changed = false;
  }

  private async drain(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    while (this.open && this.changed) {
      this.changed = false;
      try {
        const answer = await this.outgoing.put(this.open);
        if (!this.changed) this.finish(answer);
      } catch (error) {
        const why = error instanceof Error ? error : new Error(String(error));
        if (!this.changed) this.outgoing.failed(why);
      }
    }
    this.sending = false;
  }

  private finish(answer: T): void {
    this.open = null;
    this.outgoing.settled(answer);
  }
}
