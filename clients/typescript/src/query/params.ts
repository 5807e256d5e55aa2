// What can be asked, and how it is written into an address.

import type { Field, Filter } from "../filters.js";
import type { Interval, Metric } from "../types.js";

/** RFC 3339, relative as `now-24h`, or a date of JavaScript. */
export type Time = string | Date;

/** A tree, or text as the parameter `filter` takes it: `page:/a`, `page:contains:/a`. */
export type FilterParam = Filter | string;

/** From `from` up to, not including, `to`; by default the last 24 hours. */
export interface RangeParams {
  from?: Time | undefined;
  to?: Time | undefined;
  /** IANA name; UTC by default. */
  tz?: string | undefined;
  /** Several are joined by and. */
  filter?: FilterParam | readonly FilterParam[] | null | undefined;
}

export type Compare = "previous" | "year";

interface MetricsParams<M extends Metric> extends RangeParams {
  metrics?: readonly M[] | undefined;
  compare?: Compare | undefined;
}

export type SummaryParams<M extends Metric = Metric> = MetricsParams<M>;

export interface TimeseriesParams<M extends Metric = Metric> extends MetricsParams<M> {
  interval?: "auto" | Interval | undefined;
  /** What buckets without events hold. */
  fill?: "zero" | "null" | "none" | undefined;
  /** One series for each of the `limit` values with the most events, and one for the rest. */
  group_by?: Field | undefined;
  limit?: number | undefined;
}

export interface BreakdownParams<M extends Metric = Metric> extends MetricsParams<M> {
  dimension: Field;
  order?: `${Metric}:${"desc" | "asc"}` | "key:asc" | undefined;
  /** At most 1000. */
  limit?: number | undefined;
  cursor?: string | undefined;
  /** Only keys that hold this text. */
  search?: string | undefined;
}

export type RealtimeParams = Pick<RangeParams, "tz" | "filter">;

export interface PageParams extends RangeParams {
  /** At most 1000. */
  limit?: number | undefined;
  /** `meta.next_cursor` of the page before. */
  cursor?: string | undefined;
}

export interface ExportParams extends Pick<RangeParams, "from" | "to" | "filter"> {
  format?: "csv" | "ndjson" | undefined;
  columns?: readonly string[] | undefined;
}

export interface FunnelParams {
  /** 2 to 10, each after the one before. */
  steps: readonly { name?: string; filter: Filter }[];
  /** From the first step to the last, as `30m` or `1d`. */
  window?: string | undefined;
  from?: Time | undefined;
  to?: Time | undefined;
  tz?: string | undefined;
  /** Of all events that are looked at; joined by and. */
  filters?: readonly Filter[] | undefined;
  /** One funnel for each of the most frequent values. */
  by?: Field | undefined;
}

export interface RetentionParams extends RangeParams {
  period?: "day" | "week" | "month" | undefined;
  periods?: number | undefined;
  /** What counts as a return; any event by default. */
  return_filter?: FilterParam | null | undefined;
}

export type SessionParams = Pick<RangeParams, "from" | "to" | "tz">;

export interface QueryBody {
  metrics: readonly Metric[];
  /** At most two, `time` and `time:1h` among them. */
  dimensions?: readonly (Field | "time" | `time:${Interval}`)[] | undefined;
  /** Joined by and. */
  filters?: readonly Filter[] | undefined;
  date_range?:
    | "15m" | "1h" | "24h" | "7d" | "30d" | "365d" | "day" | "week" | "month" | "year"
    | readonly [from: Time, to: Time]
    | undefined;
  tz?: string | undefined;
  compare?: Compare | undefined;
  order_by?: readonly (readonly [by: Metric | Field | "time", direction: "asc" | "desc"])[] | undefined;
  pagination?: { limit?: number; offset?: number } | undefined;
  include?: { total_rows?: boolean } | undefined;
}

/** `?a=1&b=2`, or nothing. Lists are joined by commas; several filters become several
 *  parameters. */
export function queryString(params: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    if (name.endsWith("filter")) {
      for (const filter of filtersOf(value as FilterParam | readonly FilterParam[])) {
        search.append(name, typeof filter === "string" ? filter : JSON.stringify(filter));
      }
    } else {
      search.append(name, text(value));
    }
  }
  const query = search.toString();
  return query === "" ? "" : `?${query}`;
}

const OPERATORS = new Set(["is", "is_not", "contains", "matches", "in", "and", "or", "not"]);

/** A tree is a list as well, told by the operator that it begins with; no text filter is only
 *  the name of one. */
function filtersOf(value: FilterParam | readonly FilterParam[]): readonly FilterParam[] {
  if (typeof value === "string") return [value];
  return isTree(value) ? [value] : value;
}

function isTree(value: Filter | readonly FilterParam[]): value is Filter {
  return typeof value[0] === "string" && OPERATORS.has(value[0]);
}

function text(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.join(",") : String(value);
}
