// The chart's hour, kept up to date from a snapshot and the deltas after it.

import type { MetricsFrame, Minute, Totals } from "./protocol";

const MINUTE_MS = 60_000;

export interface Hour {
  /** Every minute of the range, in order; those without events are zero. */
  minutes: Minute[];
  totals: Totals;
  /** Unix milliseconds of the end of the range. */
  to: number;
}

export class Minutes {
  private byStart = new Map<number, Minute>();

  /** A snapshot replaces all that was known. */
  replace(frame: MetricsFrame): Hour {
    this.byStart.clear();
    return this.merge(frame);
  }

  /** A delta holds new values of the minutes that changed. */
  merge(frame: MetricsFrame): Hour {
    const from = Date.parse(frame.from);
    const to = Date.parse(frame.to);
    for (const minute of frame.minutes) this.byStart.set(Date.parse(minute.bucket), minute);
    for (const start of this.byStart.keys()) if (start < from) this.byStart.delete(start);
    const minutes: Minute[] = [];
    for (let start = from; start < to; start += MINUTE_MS) {
      minutes.push(this.byStart.get(start) ?? silent(start));
    }
    return { minutes, totals: frame.totals, to };
  }
}

function silent(start: number): Minute {
  return { bucket: new Date(start).toISOString(), events: 0, users: 0, sessions: 0, value: "0" };
}
