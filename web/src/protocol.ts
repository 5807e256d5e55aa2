// What the api sends: REST bodies and WebSocket frames. Counts are numbers, `value` is an
// exact decimal string, times are RFC 3339; what isn't known is null.

export interface Totals {
  events: number;
  users: number;
  sessions: number;
  value: string;
}

export interface Minute extends Totals {
  bucket: string;
}

/** Topic `metrics`; in a delta `minutes` holds those that changed, with their new values. */
export interface MetricsFrame {
  from: string;
  to: string;
  watermark: string | null;
  minutes: Minute[];
  totals: Totals;
}

export interface EventRow {
  event_id: string;
  event_type: string;
  occurred_at: string;
  accepted_at: string;
  user_id: string;
  session_id: string | null;
  page: string | null;
  country: string | null;
  value: string | null;
}

/** Topic `events`: newest first. */
export interface EventsFrame {
  events: EventRow[];
  /** There were more than were sent. */
  sampled: boolean;
}

export interface Quantiles {
  p50: number | null;
  p99: number | null;
}

export const STAGES = ["stream", "decode", "queue", "write", "total"] as const;
export type Stage = (typeof STAGES)[number];

/** Topic `pipeline` and `GET /api/v1/pipeline`. */
export interface Pipeline {
  generator: Generator | null;
  rate: { wanted: number | null; achieved: number | null };
  backlog: { entries: number | null; events: number | null; seconds: number | null } | null;
  pending: number | null;
  consumers: { name: string; pending: number; idle_ms: number }[] | null;
  commits: {
    window_seconds: number;
    commits: number | null;
    events_per_second: number | null;
    batch: { mean: number | null; max: number | null };
    bytes_per_second: number | null;
    commit_ms: { mean: number | null; p50: number | null; p99: number | null };
  } | null;
  latency_ms: Partial<Record<Stage, Quantiles | null>> | null;
  totals: { stored: number; duplicates: number; dead_lettered: number } | null;
  dead_letters: {
    total: number;
    last_hour: number;
    by_reason: { reason: string; count: number }[];
  } | null;
  redis: { used_memory: number; maxmemory: number; policy: string } | null;
  tables: { name: string; bytes: number; rows: number }[] | null;
  watermark: string | null;
  watermark_age_seconds: number | null;
}

export type Verdict = "balanced" | "settling" | "lost" | "overcounted";

export interface Account {
  /** Unknown where other programs append by themselves: they are counted by entries. */
  accepted: number | null;
  entries_accepted: number | null;
  entries_in_flight: number | null;
  stored: number;
  duplicates: number;
  dead_lettered: number;
  in_flight: number | null;
}

export interface Audit {
  verdict: Verdict;
  sources: (Account & { source: string; verdict: Verdict })[];
  total: Account;
  database: { equal: boolean | null } | null;
  notes: string[];
}

export interface Topics {
  metrics: MetricsFrame;
  events: EventsFrame;
  pipeline: Pipeline;
}
export type Topic = keyof Topics;

export type ServerMessage =
  | { type: "subscribed"; id: string; topic: Topic; snapshot: unknown }
  | { type: "next"; id: string; data: unknown }
  | { type: "complete"; id: string }
  | { type: "error"; id?: string; code: string; detail: string }
  | { type: "pong" }
  | { type: "heartbeat"; watermark: string | null; at: string };

/** `GET /api/v1/generator` of ingestion, as far as the page shows it: what it works by and how
 *  far it is. */
export interface Generator {
  running: boolean;
  rate: number;
  profile: { kind: string };
  faults: Record<string, number>;
  limit: number | null;
  status: {
    sent: number;
    /** Events of the schedule that were not made. */
    missed: number;
    paused_by: string | null;
    finished: boolean;
  };
}
