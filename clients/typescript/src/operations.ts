// What the api answers about the pipeline itself; what can't be known at present is null.

export interface Percentiles {
  p50: number | null;
  p99: number | null;
}

/** `GET /api/v1/pipeline` and the topic `pipeline`. */
export interface Pipeline {
  /** `GET /api/v1/generator` of ingestion, as it last said. */
  generator: Record<string, unknown> | null;
  /** Events per second. */
  rate: { wanted: number | null; achieved: number | null };
  backlog: { entries: number | null; events: number | null; seconds: number | null };
  pending: number | null;
  consumers: { name: string; pending: number; idle_ms: number }[];
  commits: {
    window_seconds: number;
    commits: number | null;
    events_per_second: number | null;
    bytes_per_second: number | null;
    batch: { mean: number | null; max: number | null };
    commit_ms: Percentiles & { mean: number | null };
  };
  latency_ms: Record<"stream" | "decode" | "queue" | "write" | "total", Percentiles>;
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
  generated_at: string;
}

export type Verdict = "balanced" | "settling" | "lost" | "overcounted";

export interface Account {
  /** Null where other programs append by themselves: they are counted by entries. */
  accepted: number | null;
  stored: number;
  duplicates: number;
  dead_lettered: number;
  in_flight: number | null;
  entries_accepted: number;
  entries_handled: number;
  entries_in_flight: number;
  lost_entries: number;
}

/** `GET /api/v1/audit`: whether every event accepted is accounted for. */
export interface Audit {
  verdict: Verdict;
  sources: (Account & { source: string; verdict: Verdict })[];
  total: Account;
  database: {
    ledger_stored: number;
    rollup_events: number;
    ledger_dead_lettered: number;
    dead_letters: number;
    raw_events: number | null;
    equal: boolean;
    [member: string]: unknown;
  };
  notes: string[];
}

export interface DeadLetter {
  entry_id: string;
  index: number;
  source: string;
  reason: string;
  detail: string;
  payload: string;
  /** The payload was longer than what is shown of it. */
  truncated: boolean;
  received_at: string;
  replayed_at: string | null;
}
