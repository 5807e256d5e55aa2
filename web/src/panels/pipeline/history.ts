// The rates of the last minutes, as this page has seen them.

import type { Pipeline } from "tidemark-client";

export interface Sample {
  /** Unix seconds. */
  at: number;
  wanted: number | null;
  achieved: number | null;
  stored: number | null;
}

export const KEPT_SECONDS = 300;
/** After so long without a report the line is broken. */
const GAP_SECONDS = 10;

/** One sample a second, the oldest five minutes old. */
export function recorded(history: Sample[], it: Pipeline): Sample[] {
  const at = Math.floor(Date.parse(it.generated_at) / 1000);
  const last = history.at(-1);
  if (Number.isNaN(at) || (last && at <= last.at)) return history;
  const sample: Sample = {
    at,
    wanted: it.rate.wanted,
    achieved: it.rate.achieved,
    stored: it.commits.events_per_second,
  };
  const kept = history.filter((known) => known.at > at - KEPT_SECONDS);
  if (last && at - last.at > GAP_SECONDS) {
    kept.push({ at: last.at + 1, wanted: null, achieved: null, stored: null });
  }
  return [...kept, sample];
}
