// The metrics of the tiles and of the chart.

import * as format from "../format";

export const METRICS = [
  "events",
  "users",
  "sessions",
  "value",
  "events_per_session",
  "bounce_rate",
  "duration_avg_ms",
  "duration_p95_ms",
] as const;
export type Metric = (typeof METRICS)[number];

/** Numbers, decimal strings, or null where there is nothing to divide by. */
export type Amount = number | string | null | undefined;

interface MetricFacts {
  label: string;
  /** What is counted, for a title. */
  title: string;
  /** Whether more is good, bad, or neither. */
  more: "good" | "bad" | "neither";
  show(value: Amount): string;
  /** For axes. */
  short(value: number): string;
}

const number = (value: Amount): number | null => {
  const read = typeof value === "string" ? Number(value) : value;
  return read === null || read === undefined || !Number.isFinite(read) ? null : read;
};

const counted = { show: (value: Amount) => format.count(number(value)), short: format.short };
const lasting = { show: (value: Amount) => format.span(number(value)), short: format.span };

export const METRIC: Record<Metric, MetricFacts> = {
  events: { label: "Events", title: "Events stored", more: "good", ...counted },
  users: { label: "Users", title: "Different users", more: "good", ...counted },
  sessions: { label: "Sessions", title: "Different sessions", more: "good", ...counted },
  value: {
    label: "Value",
    title: "Sum of the events' values",
    more: "good",
    show: (value) => format.decimal(typeof value === "number" ? String(value) : value),
    short: format.short,
  },
  events_per_session: {
    label: "Events/session",
    title: "Events divided by sessions",
    more: "good",
    show: (value) => format.ratio(number(value)),
    short: format.short,
  },
  bounce_rate: {
    label: "Bounce rate",
    title: "Sessions with exactly one event",
    more: "bad",
    show: (value) => format.share(number(value)),
    short: (value) => format.percent(value),
  },
  duration_avg_ms: { label: "Mean duration", title: "Mean duration", more: "bad", ...lasting },
  duration_p95_ms: { label: "p95 duration", title: "95 % last at most so long", more: "bad", ...lasting },
};

export function isMetric(text: string): text is Metric {
  return (METRICS as readonly string[]).includes(text);
}

/** For drawing: a number, or null where there is none. */
export const amount = number;

/** (now − before) ÷ before; null where that says nothing. */
export function change(now: Amount, before: Amount): number | null {
  const [a, b] = [number(now), number(before)];
  return a === null || b === null || b === 0 ? null : (a - b) / Math.abs(b);
}
