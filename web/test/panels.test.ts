import { expect, test } from "vitest";
import { accounts, verdict } from "../src/audit";
import { facts, stateOf } from "../src/generator";
import { flow, latency, outcome, stores } from "../src/pipeline";
import type { Audit, EventRow, Generator, Pipeline } from "../src/protocol";
import { newest } from "../src/tail";

/** What the api says while the database and ingestion are away. */
const away: Pipeline = {
  generator: null,
  rate: { wanted: null, achieved: null },
  backlog: null,
  pending: null,
  consumers: null,
  commits: null,
  latency_ms: null,
  totals: null,
  dead_letters: null,
  redis: null,
  tables: null,
  watermark: null,
  watermark_age_seconds: null,
};

test("a state of nulls is shown as not known, never as zero", () => {
  const values = [...flow(away), ...outcome(away)].map(([, value]) => value);
  expect(values.join(" ")).not.toMatch(/\d/);
  expect(latency(away).map(([stage]) => stage)).toEqual(["stream", "decode", "queue", "write", "total"]);
  expect(latency(away)[0]).toEqual(["stream", "–", "–"]);
  expect(stores(away)).toEqual([["Redis", "not reachable", "bad"]]);
});

test("a long backlog, no lanes and full memory are marked", () => {
  const strained: Pipeline = {
    ...away,
    backlog: { entries: 9, events: 90_000, seconds: 45 },
    consumers: [],
    redis: { used_memory: 900, maxmemory: 1000, policy: "noeviction" },
  };
  expect(flow(strained)).toContainEqual(["Backlog", "90,000 events", "warn"]);
  expect(flow(strained)).toContainEqual(["Lanes", "none: is the consumer running?"]);
  expect(stores(strained)[0]?.[2]).toBe("bad");
});

test("reasons follow the dead letters they explain", () => {
  const reasons = [{ reason: "unknown_field", count: 7 }];
  const dead_letters = { total: 7, last_hour: 2, by_reason: reasons };
  expect(outcome({ ...away, dead_letters })).toContainEqual(["· unknown field", "7"]);
});

const generator: Generator = {
  running: true,
  rate: 5000,
  profile: { kind: "constant" },
  faults: { duplicates: 0.01, late: 0.02 },
  limit: null,
  status: { sent: 10, missed: 0, paused_by: null, finished: false },
};

test("the generator says what holds it back", () => {
  const held = { ...generator, status: { ...generator.status, missed: 3, paused_by: "memory" } };
  expect(stateOf(generator)).toEqual(["good", "running"]);
  expect(stateOf({ ...generator, running: false })).toEqual(["plain", "stopped"]);
  expect(stateOf(held)[0]).toBe("warn");
  expect(facts(held, away)).toContainEqual(["Held back by", "Redis's memory", "bad"]);
  expect(facts(held, away)).toContainEqual(["Missed of the schedule", "3", "warn"]);
  expect(facts(generator, away)).toContainEqual(["Sent with a fault", "3 % of events"]);
});

const account = {
  accepted: null,
  entries_accepted: 2,
  entries_in_flight: 1,
  stored: 1,
  duplicates: 0,
  dead_lettered: 0,
  in_flight: null,
};

function audit(changes: Partial<Audit>): Audit {
  return {
    verdict: "balanced",
    sources: [{ source: "external", verdict: "balanced", ...account }],
    total: { ...account, accepted: 0, in_flight: 0 },
    database: { equal: true },
    notes: [],
    ...changes,
  };
}

test("only a balanced audit of an agreeing database is good", () => {
  expect(verdict(audit({}))[0]).toBe("good");
  expect(verdict(audit({ verdict: "settling" }))[0]).toBe("plain");
  expect(verdict(audit({ verdict: "lost" }))[0]).toBe("bad");
  expect(verdict(audit({ verdict: "overcounted" }))[0]).toBe("bad");
  expect(verdict(audit({ database: { equal: false } }))[0]).toBe("bad");
});

test("a source without a counter of events is shown by its entries", () => {
  expect(accounts(audit({}))[0]).toEqual(["external", "2 entries", "1", "0", "0", "1 entry"]);
});

test("the tail holds each event once, newest first", () => {
  const row = (event_id: string) => ({ event_id }) as EventRow;
  const ids = newest([row("c"), row("b")], [row("b"), row("a")], 2).map((it) => it.event_id);
  expect(ids).toEqual(["c", "b"]);
});
