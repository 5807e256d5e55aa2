// Which number a breakdown shows, and how long its bars are.

import type { Share } from "../data/types";
import { amount, type Metric } from "../state/metrics";

export const LISTED = ["events", "users", "sessions", "value"] as const;
export type Listed = (typeof LISTED)[number];

/** The chart's metric where breakdowns have it, else events. */
export function listed(metric: Metric): Listed {
  return LISTED.find((it) => it === metric) ?? "events";
}

/** What is watched, beside what the answer compares each value with. */
export function liveShares(asked: Share[] | null, live: Share[]): Share[] {
  const before = new Map(asked?.map(({ key, comparison }) => [key, comparison]));
  return live.map((row) => {
    const comparison = before.get(row.key);
    return comparison ? { ...row, comparison } : row;
  });
}

/** From 0 to 1. Of events it is the share of all; of what can't be summed, of the biggest. */
export function barLengths(rows: Share[], metric: Listed): number[] {
  if (metric === "events") return rows.map((row) => row.share);
  const values = rows.map((row) => Math.max(amount(row[metric]) ?? 0, 0));
  const most = Math.max(...values);
  return values.map((value) => (most > 0 ? value / most : 0));
}
