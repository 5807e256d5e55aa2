import { useMemo } from "react";
import type { MetricsData } from "tidemark-client";
import { useMetric } from "tidemark-client/react";
import { useLoaded, type Loaded } from "../data/loaded";
import { compared, refreshed, scope } from "../data/questions";
import type { Amounts, Bucket, Summary } from "../data/types";
import { METRICS, type Metric } from "../state/metrics";
import { useView, useZone } from "../state/view";
import { liveRows, liveSummary, useLiveMinutes } from "./useLiveMinutes";

/** With a filter it is read from the rows, which takes longer than all others: they don't wait. */
const SLOW: readonly Metric[] = ["bounce_rate"];
const ALONE = { alone: true };
const FAST = METRICS.filter((metric) => !SLOW.includes(metric));

/** Totals and series of all metrics. */
export function useOverview(): { summary: Loaded<Summary>; series: Loaded<Bucket[]> } {
  const view = useView();
  const zone = useZone();
  const apart = view.filters.length > 0;
  const asked = { ...scope(view, zone), ...compared(view) };
  const first = { ...asked, metrics: apart ? FAST : METRICS };
  const late = apart ? { ...asked, metrics: SLOW } : null;
  const live = useLiveMinutes(view, first.metrics);
  const options = refreshed(view, null, live !== null);
  const summary: Loaded<Summary> = useLoaded(useMetric("summary", first, options));
  const series: Loaded<Bucket[]> = useLoaded(useMetric("timeseries", first, options));
  const slowSummary: Loaded<Summary> = useLoaded(useMetric("summary", late, options), ALONE);
  const slowSeries: Loaded<Bucket[]> = useLoaded(useMetric("timeseries", late, options), ALONE);
  return {
    summary: useWatched(useJoined(summary, slowSummary, joinSummaries), live, liveSummary),
    series: useWatched(useJoined(series, slowSeries, joinRows), live, liveRows),
  };
}

/** What is watched in place of what was asked for, once the question itself is answered. */
function useWatched<T>(
  asked: Loaded<T>,
  live: MetricsData | null,
  watched: (asked: T, live: MetricsData) => T,
): Loaded<T> {
  const { data, meta, waiting } = asked;
  const over = waiting ? null : live;
  return {
    ...asked,
    data: useMemo(() => (data !== null && over !== null ? watched(data, over) : data), [data, over, watched]),
    meta: over && meta ? { ...meta, watermark: over.watermark, from: over.from, to: over.to } : meta,
  };
}

/** The second answer's members within the first's, once they are there. */
function useJoined<T>(first: Loaded<T>, second: Loaded<T>, join: (first: T, second: T) => T): Loaded<T> {
  const { data, meta } = first;
  const late = second.waiting ? null : second.data;
  return {
    ...first,
    data: useMemo(() => (data !== null && late !== null ? join(data, late) : data), [data, late, join]),
    meta: useMemo(() => {
      const estimates = { ...meta?.estimates, ...(late === null ? {} : second.meta?.estimates) };
      return meta && { ...meta, estimates };
    }, [meta, late, second.meta]),
  };
}

interface Compared extends Amounts {
  comparison?: Amounts | null;
}

function joined<T extends Compared>(first: T, second: T): T {
  const comparison = first.comparison && { ...second.comparison, ...first.comparison };
  return { ...second, ...first, ...(comparison && { comparison }) };
}

export function joinSummaries(first: Summary, second: Summary): Summary {
  return joined(first, second);
}

/** By the buckets' starts: a minute may have begun between the two answers. */
export function joinRows(first: Bucket[], second: Bucket[]): Bucket[] {
  const byStart = new Map(second.map((row) => [row.bucket, row]));
  return first.map((row) => {
    const late = byStart.get(row.bucket);
    return late ? joined(row, late) : row;
  });
}
