// What the api answers, from its OpenAPI document. Counts are numbers, `value` is an exact decimal
// as text, times are RFC 3339, and what isn't defined (an average over nothing) is null.

import type { components } from "./generated.js";

type Schemas = components["schemas"];

/** All metrics; an answer holds those that were asked for. */
export type MetricValues = Required<Omit<Schemas["Summary"], "comparison">>;

export type Metric = keyof MetricValues;

/** Those that rows hold where none are asked for by name; a summary holds all. */
export type UsualMetric = "events" | "users" | "sessions" | "value";

export const METRICS: readonly Metric[] = [
  "events",
  "users",
  "sessions",
  "value",
  "events_per_session",
  "bounce_rate",
  "duration_avg_ms",
  "duration_p50_ms",
  "duration_p95_ms",
  "duration_p99_ms",
];

export type Interval = "1m" | "5m" | "15m" | "1h" | "1d" | "1w" | "1M";

type Told = Schemas["TimeseriesMeta"] &
  Schemas["BreakdownMeta"] &
  Schemas["QueryMeta"] &
  Schemas["PageMeta"];

/** What is known of an answer. The rest depends on the question. */
export type Meta = Pick<Told, "watermark" | "generated_at"> & { source: string } & Partial<
    Omit<Told, "watermark" | "generated_at" | "source">
  >;

/** `data` and what is to be known about it. */
export interface Answer<T> {
  data: T;
  meta: Meta;
}

/** The same of an earlier range. */
export type Comparison<M extends Metric> = Pick<MetricValues, M> &
  Pick<Schemas["Comparison"], "from" | "to"> & {
    /** How much larger it is now, as a ratio; null where there was nothing. */
    change: Record<M, number | null>;
  };

export type Summary<M extends Metric = Metric> = Pick<MetricValues, M> & {
  comparison?: Comparison<M>;
};

/** With `fill=null` the metrics of buckets without events are null, against their type. */
export type TimeseriesRow<M extends Metric = UsualMetric> = Pick<MetricValues, M> &
  Pick<Schemas["TimeseriesRow"], "bucket" | "partial"> & {
    /** Null where the earlier range has no such bucket. */
    comparison?: (Pick<MetricValues, M> & { bucket: string }) | null;
  };

/** One value of the field grouped by, or all the rest together. */
export type TimeseriesGroup<M extends Metric = UsualMetric> = Omit<
  Schemas["TimeseriesGroup"],
  "rows"
> & { rows: TimeseriesRow<M>[] };

export type BreakdownRow<M extends Metric = UsualMetric> = Pick<MetricValues, M> &
  Pick<Schemas["BreakdownRow"], "key" | "share"> & { comparison?: Pick<MetricValues, M> };

export type QueryRow = Schemas["QueryRow"];

export interface QueryAnswer extends Answer<QueryRow[]> {
  /** The question as it was understood. */
  query: Record<string, unknown>;
}

export type Realtime = Schemas["Realtime"];
export type Event = Schemas["Event"];
export type FunnelStep = Schemas["FunnelStep"];
export type Funnel = Schemas["Funnel"];
export type Retention = Schemas["Retention"];
export type Session = Schemas["Session"];
export type SessionPath = Schemas["SessionPath"];
export type Metadata = Schemas["Metadata"];
export type Pipeline = Schemas["Pipeline"];
export type Percentiles = Schemas["Percentiles"];
export type Audit = Schemas["Audit"];
export type Verdict = Schemas["Verdict"];
/** Of one source, or of all together. */
export type Account = Omit<Schemas["SourceAudit"], "source" | "verdict">;
export type DeadLetter = Schemas["DeadLetter"];

/** Why something was refused, RFC 9457. */
export type Problem = Schemas["Problem"];
