// The last quarter of an hour or hour as it happens, over what was asked for.

import { useEffect } from "react";
import type { LiveMinute, LiveValues, MetricsData } from "tidemark-client";
import { useLive } from "tidemark-client/react";
import { treeOf } from "../data/questions";
import { reached } from "../data/standing";
import type { Bucket, Summary } from "../data/types";
import { fromRollups } from "../state/filters";
import type { Metric } from "../state/metrics";
import { watchedMinutes } from "../state/range";
import type { View } from "../state/view";

const MINUTE_MS = 60_000;

/** Null where nothing is watched, or the connection is broken. */
export function useLiveMinutes(view: View, metrics: readonly Metric[]): MetricsData | null {
  const minutes = fromRollups(view.filters) ? watchedMinutes(view.range) : null;
  const filter = treeOf(view.filters) ?? undefined;
  const params = minutes === null ? null : { minutes, interval: "1m" as const, metrics, filter };
  const { data, status, stale } = useLive("metrics", params);
  const current = params !== null && status === "live" && !stale ? (data ?? null) : null;
  useEffect(() => reached(current?.watermark), [current]);
  return current;
}

function known(values: Partial<LiveValues>): Partial<LiveValues> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export function liveSummary(asked: Summary, { totals }: MetricsData): Summary {
  return { ...asked, ...known(totals) };
}

/** The minutes of the live window, with what the answer has of each besides. */
export function liveRows(asked: Bucket[], { minutes, to }: MetricsData): Bucket[] {
  const byStart = new Map(asked.map((row) => [Date.parse(row.bucket), row]));
  const end = Date.parse(to);
  return minutes.map((minute: LiveMinute) => {
    const start = Date.parse(minute.bucket);
    return { ...byStart.get(start), ...known(minute), bucket: minute.bucket, partial: start + MINUTE_MS >= end };
  });
}
