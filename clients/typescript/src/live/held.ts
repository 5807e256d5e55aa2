// What a subscriber holds: the snapshot with all that came after it.

import type { Interval, Pipeline } from "../types.js";
import type {
  BreakdownData,
  EventsData,
  LiveMinute,
  MetricsData,
  RealtimeData,
  Topic,
  TopicData,
  TopicParams,
} from "./protocol.js";

/** The newest events, newest first. */
export interface HeldEvents extends EventsData {
  /** Events left out since the subscription began. */
  skipped: number;
}

export interface Held {
  /** Every minute of the window in order, those without events too. */
  metrics: MetricsData;
  breakdown: BreakdownData;
  realtime: RealtimeData;
  events: HeldEvents;
  pipeline: Pipeline;
}

export interface HoldOptions {
  /** Events kept of the topic `events`. */
  keep: number;
}

/** What is held once `data` has come; `before` is null for a snapshot. */
export function hold<T extends Topic>(
  topic: T,
  params: TopicParams[T],
  before: Held[T] | null,
  data: TopicData[T],
  options: HoldOptions,
): Held[T] {
  switch (topic) {
    case "metrics":
      return minutes(
        before as MetricsData | null,
        data as MetricsData,
        (params as TopicParams["metrics"]).interval ?? "1m",
      ) as Held[T];
    case "events":
      return events(before as HeldEvents | null, data as EventsData, options.keep) as Held[T];
    default:
      return data as Held[T];
  }
}

const MINUTE_MS = 60_000;
const STEPS: Partial<Record<Interval, number>> = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
};

function minutes(before: MetricsData | null, data: MetricsData, interval: Interval): MetricsData {
  const step = STEPS[interval] ?? MINUTE_MS;
  const [from, to] = [Date.parse(data.from), Date.parse(data.to)];
  const first = Math.floor(from / step) * step;
  const known = new Map<number, LiveMinute>();
  for (const minute of [...(before?.minutes ?? []), ...data.minutes]) {
    known.set(Date.parse(minute.bucket), minute);
  }
  const all: LiveMinute[] = [];
  for (let start = first; start < to; start += step) {
    all.push(known.get(start) ?? silent(start, data));
  }
  return { ...data, minutes: all };
}

/** A bucket that entered the window without an event: the server says nothing of it. */
function silent(start: number, data: MetricsData): LiveMinute {
  const counts: Record<string, unknown> = { events: 0, users: 0, sessions: 0, value: "0" };
  const names = Object.keys(data.totals);
  const values = Object.fromEntries(names.map((name) => [name, counts[name] ?? null]));
  const bucket = new Date(start).toISOString().replace(".000Z", "Z");
  return { bucket, ...values } as LiveMinute;
}

function events(before: HeldEvents | null, data: EventsData, keep: number): HeldEvents {
  const fresh = new Set(data.events.map((event) => event.event_id));
  const older = (before?.events ?? []).filter((event) => !fresh.has(event.event_id));
  return {
    ...data,
    events: [...data.events, ...older].slice(0, keep),
    skipped: (before?.skipped ?? 0) + (data.skipped ?? 0),
  };
}
