// What goes over the socket, and what each topic is about.

import type { Dimension, Filter } from "../filters.js";
import type { Event, Interval, Metric, MetricValues, Pipeline, Realtime } from "../types.js";

/** One bucket of the topic `metrics`: the metrics that were asked for. */
export type LiveMinute = { bucket: string } & LiveValues;

/** `events`, `users`, `sessions` and `value` where no others are asked for. */
export type LiveValues = Pick<MetricValues, "events" | "users" | "sessions" | "value"> &
  Partial<MetricValues>;

export interface MetricsData {
  from: string;
  to: string;
  watermark: string | null;
  minutes: LiveMinute[];
  totals: LiveValues;
}

export interface BreakdownData {
  from: string;
  to: string;
  watermark: string | null;
  rows: (LiveValues & { key: string; share: number })[];
  total_events: number;
}

export type RealtimeData = Omit<Realtime, "seconds"> & { watermark: string | null };

export interface EventsData {
  /** Newest first. */
  events: Event[];
  /** There were more than `rate` a second. */
  sampled: boolean;
  /** How many were left out. */
  skipped: number;
  rate: number;
}

export interface TopicParams {
  metrics: {
    /** 1 to 180; 60 by default. */
    minutes?: number | undefined;
    interval?: Extract<Interval, "1m" | "5m" | "15m"> | undefined;
    metrics?: readonly Metric[] | undefined;
    /** Over one field that rollups know. */
    filter?: Filter | null | undefined;
  };
  breakdown: {
    dimension: Dimension;
    /** 1 to 60; 30 by default. */
    minutes?: number | undefined;
    /** At most 100; 10 by default. */
    limit?: number | undefined;
    metrics?: readonly Metric[] | undefined;
  };
  realtime: Record<string, never>;
  events: {
    filter?: Filter | null | undefined;
    /** Events per second, at most 100; 20 by default. */
    rate?: number | undefined;
  };
  pipeline: Record<string, never>;
}

export interface TopicData {
  metrics: MetricsData;
  breakdown: BreakdownData;
  realtime: RealtimeData;
  events: EventsData;
  pipeline: Pipeline;
}

export type Topic = keyof TopicData;

export type ClientMessage =
  | { type: "subscribe"; id: string; topic: Topic; params: object; position?: string }
  | { type: "unsubscribe"; id: string }
  | { type: "ping" };

export type ServerMessage =
  | {
      type: "subscribed";
      id: string;
      topic: Topic;
      position: string;
      /** Only where a position was asked with; then true means that no snapshot comes. */
      recovered?: boolean;
      snapshot?: unknown;
    }
  | { type: "next"; id: string; position: string; data: unknown }
  | { type: "complete"; id: string }
  | { type: "error"; id?: string; code: string; detail: string; parameter?: string }
  | { type: "pong" }
  | { type: "heartbeat"; watermark: string | null; at: string };

/** Null for what isn't a message. */
export function read(data: unknown): ServerMessage | null {
  try {
    const message: unknown = typeof data === "string" ? JSON.parse(data) : null;
    return typeof message === "object" ? (message as ServerMessage | null) : null;
  } catch {
    return null;
  }
}
