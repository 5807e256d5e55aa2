// Answers as the columns that a plot takes.

import type { AlignedData } from "uplot";
import type { Bucket, Group } from "../data/types";
import { amount, type Metric } from "../state/metrics";

export function seconds(rows: readonly { bucket: string }[]): number[] {
  return rows.map((row) => Date.parse(row.bucket) / 1000);
}

/** Whole buckets are one line. Those that aren't are another, joined to their neighbours. */
export function columns(rows: Bucket[], metric: Metric): AlignedData {
  const values = rows.map((row) => amount(row[metric]));
  const whole = values.map((value, at) => (rows[at]?.partial ? null : value));
  const touches = (at: number) => rows[at - 1]?.partial || rows[at]?.partial || rows[at + 1]?.partial;
  const partial = values.map((value, at) => (touches(at) ? value : null));
  const before = rows.map((row) => amount(row.comparison?.[metric]));
  return [seconds(rows), whole, partial, before];
}

export function groupColumns(groups: Group[], metric: Metric): AlignedData {
  const rows = groups[0]?.rows ?? [];
  return [seconds(rows), ...groups.map((group) => group.rows.map((row) => amount(row[metric])))];
}

/** From the start of the bucket that holds `left` to the end of that which holds `right`. */
export function zoomed(starts: number[], end: number, left: number, right: number): [number, number] | null {
  const holding = (at: number) => Math.max(starts.findLastIndex((start) => start <= at), 0);
  const from = starts[holding(left)];
  const to = starts[holding(right) + 1] ?? end;
  return from === undefined || from >= to ? null : [from, to];
}
