// Answers as the columns that a plot takes.

import type { AlignedData } from "uplot";
import type { Bucket, Group } from "../data/types";
import { amount, type Metric } from "../state/metrics";

export function seconds(rows: readonly { bucket: string }[]): number[] {
  return rows.map((row) => Date.parse(row.bucket) / 1000);
}

/** Whole buckets are one line. Those that aren't are another, joined to their neighbours. */
function line(rows: Bucket[], metric: Metric): [whole: (number | null)[], partial: (number | null)[]] {
  const values = rows.map((row) => amount(row[metric]));
  const touches = (at: number) => rows[at - 1]?.partial || rows[at]?.partial || rows[at + 1]?.partial;
  return [
    values.map((value, at) => (rows[at]?.partial ? null : value)),
    values.map((value, at) => (touches(at) ? value : null)),
  ];
}

export function columns(rows: Bucket[], metric: Metric): AlignedData {
  const before = rows.map((row) => amount(row.comparison?.[metric]));
  return [seconds(rows), ...line(rows, metric), before];
}

export function groupColumns(groups: Group[], metric: Metric): AlignedData {
  return [seconds(groups[0]?.rows ?? []), ...groups.flatMap((group) => line(group.rows, metric))];
}

/** Which of the style sheet's series a group is drawn as: the last is for the rest. */
export function seriesOf(group: Group, at: number): number {
  return group.rest ? SERIES : (at % (SERIES - 1)) + 1;
}

const SERIES = 6;

/** From the start of the bucket that holds `left` to the end of that which holds `right`. */
export function zoomed(starts: number[], end: number, left: number, right: number): [number, number] | null {
  const holding = (at: number) => Math.max(starts.findLastIndex((start) => start <= at), 0);
  const from = starts[holding(left)];
  const to = starts[holding(right) + 1] ?? end;
  return from === undefined || from >= to ? null : [from, to];
}
