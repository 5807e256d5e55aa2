// What the api answers. Counts are numbers, `value` is an exact decimal as text, times are
// RFC 3339, and what isn't defined (an average over nothing) is null.

import type { Field } from "./filters.js";

export interface MetricValues {
  events: number;
  users: number;
  sessions: number;
  value: string;
  events_per_session: number | null;
  /** Sessions with exactly one event ÷ sessions. */
  bounce_rate: number | null;
  duration_avg_ms: number | null;
  duration_p50_ms: number | null;
  duration_p95_ms: number | null;
  duration_p99_ms: number | null;
}

export type Metric = keyof MetricValues;

/** Those that answers hold where none are asked for by name; a summary holds all. */
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

export interface Meta {
  /** Everything accepted before is in the data; null while it isn't known. */
  watermark: string | null;
  generated_at: string;
  from?: string;
  to?: string;
  tz?: string;
  source: string;
  /** The metrics that are estimates in this answer, with their standard error. */
  estimates?: Partial<Record<Metric, { relative_error: number }>>;
  interval?: Interval;
  dimension?: Field;
  limit?: number;
  next_cursor?: string | null;
  /** Of a breakdown: what shares are of. */
  total_events?: number;
  /** Of a query: where `include.total_rows` asks for it. */
  total_rows?: number;
  [member: string]: unknown;
}

/** `data` and what is to be known about it. */
export interface Answer<T> {
  data: T;
  meta: Meta;
}

/** The same of an earlier period; `change` is the difference ÷ the earlier value. */
export type Comparison<M extends Metric> = Pick<MetricValues, M> & {
  from: string;
  to: string;
  change: Record<M, number | null>;
};

export type Summary<M extends Metric = Metric> = Pick<MetricValues, M> & {
  comparison?: Comparison<M>;
};

export type TimeseriesRow<M extends Metric = UsualMetric> = Pick<MetricValues, M> & {
  bucket: string;
  /** The range, or the present, cuts the bucket short. */
  partial: boolean;
  comparison?: Pick<MetricValues, M> & { bucket: string };
};

/** One value of the field grouped by, or all the rest together. */
export interface TimeseriesGroup<M extends Metric = UsualMetric> {
  key: string | null;
  rest: boolean;
  rows: TimeseriesRow<M>[];
}

export type BreakdownRow<M extends Metric = UsualMetric> = Pick<MetricValues, M> & {
  key: string;
  /** Events ÷ all events of the range, 0..1. */
  share: number;
  comparison?: Pick<MetricValues, M>;
};

export interface RealtimeCounts {
  events: number;
  users: number;
}

export interface Realtime {
  last_5_minutes: RealtimeCounts;
  last_30_minutes: RealtimeCounts;
  events_per_second: number;
  minutes: (RealtimeCounts & { bucket: string })[];
  /** The last 60 complete seconds. */
  seconds: { bucket: string; events: number }[];
}

/** A stored event. */
export interface Event {
  event_id: string;
  event_type: string;
  occurred_at: string;
  accepted_at: string;
  user_id: string;
  session_id: string | null;
  page: string | null;
  referrer: string | null;
  country: string | null;
  device: string | null;
  browser: string | null;
  os: string | null;
  value: string | null;
  duration_ms: number | null;
  properties: Record<string, unknown> | null;
}

export interface FunnelStep {
  name: string;
  users: number;
  /** Of those of the first step, 0..1. */
  conversion: number | null;
  /** Of those of the step before, 0..1. */
  step_conversion: number | null;
  drop_off: number;
  median_seconds_from_previous: number | null;
}

export interface Funnel {
  steps: FunnelStep[];
  groups?: { key: string; steps: FunnelStep[] }[];
}

export interface Retention {
  period: "day" | "week" | "month";
  cohorts: {
    start: string;
    size: number;
    returned: { period: number; users: number; rate: number | null }[];
  }[];
}

export interface Session {
  session_id: string;
  user_id: string;
  started_at: string;
  ended_at: string;
  duration_seconds: number;
  events: number;
  entry_page: string | null;
  exit_page: string | null;
  value: string;
  country: string | null;
  device: string | null;
  browser: string | null;
}

/** A session's path: its events in their order. */
export type SessionPath = Omit<Session, "events"> & { events: Event[] };

export interface Metadata {
  event_types: { name: string; events: number }[];
  dimensions: { name: Field; values?: number; top: { key: string; events: number }[] }[];
  metrics: Metric[];
  intervals: Interval[];
  data: { from: string | null; to: string | null; events: number };
  retention: Record<string, number | null>;
  limits: Record<string, unknown>;
  [member: string]: unknown;
}

/** One row per combination of dimensions; both lists in the order of the question. */
export interface QueryRow {
  dimensions: (string | null)[];
  metrics: (number | string | null)[];
  comparison?: { metrics: (number | string | null)[] };
}

export interface QueryAnswer extends Answer<QueryRow[]> {
  /** The question as it was understood. */
  query: Record<string, unknown>;
}

/** Why something was refused, RFC 9457. */
export interface Problem {
  status: number;
  title: string;
  code: string;
  detail: string;
  parameter?: string;
  [member: string]: unknown;
}
