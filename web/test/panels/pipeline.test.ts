import { expect, test } from "vitest";
import type { Pipeline } from "tidemark-client";
import { condition, flow, latency, memoryShare, outcome, stores } from "../../src/panels/pipeline/facts";
import { KEPT_SECONDS, recorded, type Sample } from "../../src/panels/pipeline/history";

const unknown = { p50: null, p99: null };

/** What the api says while the database and ingestion are away. */
const away: Pipeline = {
  generator: null,
  rate: { wanted: null, achieved: null },
  backlog: { entries: null, events: null, seconds: null },
  pending: null,
  consumers: [],
  commits: {
    window_seconds: 10,
    commits: null,
    events_per_second: null,
    bytes_per_second: null,
    batch: { mean: null, max: null },
    commit_ms: { mean: null, p50: null, p99: null },
  },
  latency_ms: { stream: unknown, decode: unknown, queue: unknown, write: unknown, total: unknown },
  totals: null,
  dead_letters: null,
  redis: null,
  tables: null,
  watermark: null,
  watermark_age_seconds: null,
  generated_at: "2026-11-21T12:00:00Z",
};

const there: Pipeline = {
  ...away,
  rate: { wanted: 1000, achieved: 1000 },
  consumers: [{ name: "host/0", pending: 0, idle_ms: 3 }],
  totals: { stored: 10, duplicates: 0, dead_lettered: 2 },
  redis: { used_memory: 100, maxmemory: 1000, policy: "noeviction" },
};

test("a state of nulls is shown as not known, never as zero", () => {
  const values = [...flow(away), ...outcome(away)].map(([, value]) => value);
  expect(values.join(" ")).not.toMatch(/\d/);
  expect(latency(away).map(([stage]) => stage)).toEqual(["stream", "decode", "queue", "write", "total"]);
  expect(latency(away)[0]).toEqual(["stream", "–", "–"]);
  expect(stores(away)).toEqual([["Redis", "not reachable", "bad"]]);
  expect(memoryShare(away)).toBeNull();
});

test("the worst that is wrong is said first", () => {
  expect(condition(there)).toEqual(["good", "keeping up"]);
  expect(condition({ ...there, rate: { wanted: 1000, achieved: 890 } })[0]).toBe("warn");
  expect(condition({ ...there, backlog: { ...there.backlog, seconds: 11 } })[0]).toBe("warn");
  expect(condition({ ...there, consumers: [] })).toEqual(["bad", "no consumer reads"]);
  const [lane] = there.consumers;
  const silent = { ...lane, name: "gone/0", pending: 0, idle_ms: 60_000 };
  expect(condition({ ...there, consumers: [silent] })).toEqual(["bad", "no consumer reads"]);
  expect(condition({ ...there, consumers: [silent, ...there.consumers] })).toEqual(["good", "keeping up"]);
  expect(condition({ ...there, totals: null })).toEqual(["bad", "the database is not reachable"]);
  expect(condition(away)).toEqual(["bad", "Redis is not reachable"]);
});

test("a long backlog, an old watermark and full memory are marked", () => {
  const strained: Pipeline = {
    ...there,
    backlog: { entries: 9, events: 90_000, seconds: 45 },
    watermark_age_seconds: 45,
    redis: { used_memory: 900, maxmemory: 1000, policy: "noeviction" },
  };
  expect(flow(strained)).toContainEqual(["Backlog", "90,000 events", "warn"]);
  expect(flow(strained)).toContainEqual(["Watermark’s age", "45.0 s", "warn"]);
  expect(stores(strained)[0]?.[2]).toBe("bad");
});

function at(seconds: number): Pipeline {
  return { ...there, generated_at: new Date(seconds * 1000).toISOString() };
}

test("the history holds one sample a second, for five minutes", () => {
  let history: Sample[] = [];
  for (let half = 0; half < 2 * 400; half += 1) history = recorded(history, at(1000 + half / 2));
  expect(history).toHaveLength(KEPT_SECONDS);
  expect(history.map((it) => it.at)).toEqual(Array.from({ length: KEPT_SECONDS }, (_, i) => 1100 + i));
});

test("a time without reports breaks the line, and an older report changes nothing", () => {
  const history = recorded(recorded([], at(1000)), at(1060));
  expect(history.map((it) => [it.at, it.wanted])).toEqual([[1000, 1000], [1001, null], [1060, 1000]]);
  expect(recorded(history, at(1030))).toBe(history);
});
