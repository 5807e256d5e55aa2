// The pipeline's state, as lists of facts.

import { byId, setFacts, setRows, setText, tbodyOf, type Fact } from "./dom";
import * as format from "./format";
import { STAGES, type Pipeline } from "./protocol";

/** Above so many seconds of work waiting, the backlog is marked. */
const LONG_BACKLOG_S = 10;
const FULL_MEMORY = 0.85;

export function flow(it: Pipeline): Fact[] {
  const { backlog, commits } = it;
  const late = (backlog?.seconds ?? 0) > LONG_BACKLOG_S;
  return [
    ["Wanted", perSecond(it.rate.wanted)],
    ["Achieved", perSecond(it.rate.achieved)],
    ["Stored", perSecond(commits?.events_per_second)],
    ["Backlog", `${format.count(backlog?.events)} events`, late ? "warn" : "plain"],
    ["Backlog in entries", format.count(backlog?.entries), late ? "warn" : "plain"],
    ["Backlog in time", format.span(milli(backlog?.seconds)), late ? "warn" : "plain"],
    ["Read, not yet acknowledged", it.pending === null ? format.NONE : format.plural(it.pending, "entry", "entries")],
    ["Lanes", consumers(it)],
    ["Batch, mean (most)", `${format.count(commits?.batch.mean)} (${format.count(commits?.batch.max)})`],
    ["Commit, p50 (p99)", `${format.span(commits?.commit_ms.p50)} (${format.span(commits?.commit_ms.p99)})`],
  ];
}

function consumers(it: Pipeline): string {
  if (!it.consumers) return format.NONE;
  return it.consumers.length === 0 ? "none: is the consumer running?" : format.count(it.consumers.length);
}

export function outcome(it: Pipeline): Fact[] {
  const dead = it.dead_letters;
  const reasons = (dead?.by_reason ?? []).map(
    ({ reason, count }): Fact => [`· ${format.words(reason)}`, format.count(count)],
  );
  return [
    ["Stored", format.count(it.totals?.stored)],
    ["Duplicates", format.count(it.totals?.duplicates)],
    ["Dead-lettered", format.count(it.totals?.dead_lettered ?? dead?.total)],
    ["· in the last hour", format.count(dead?.last_hour)],
    ...reasons,
  ];
}

export function latency(it: Pipeline): string[][] {
  return STAGES.map((stage) => {
    const quantiles = it.latency_ms?.[stage];
    return [stage, format.span(quantiles?.p50), format.span(quantiles?.p99)];
  });
}

export function stores(it: Pipeline): Fact[] {
  const tables = (it.tables ?? []).map(
    ({ name, bytes, rows }): Fact => [format.words(name), tableSize(bytes, rows)],
  );
  return [memory(it), ...tables];
}

/** The number of rows is the planner's, which has none before the first ANALYZE. */
function tableSize(bytes: number, rows: number): string {
  return rows > 0 ? `${format.bytes(bytes)}, ~${format.short(rows)} rows` : format.bytes(bytes);
}

function memory({ redis }: Pipeline): Fact {
  if (!redis) return ["Redis", "not reachable", "bad"];
  const used = format.bytes(redis.used_memory);
  if (redis.maxmemory === 0) return ["Redis memory", `${used}, no limit`];
  const share = redis.used_memory / redis.maxmemory;
  const text = `${used} of ${format.bytes(redis.maxmemory)} (${Math.round(share * 100)} %)`;
  return ["Redis memory", text, share >= FULL_MEMORY ? "bad" : "plain"];
}

function perSecond(value: number | null | undefined): string {
  const text = format.rate(value);
  return text === format.NONE ? text : `${text}/s`;
}

function milli(seconds: number | null | undefined): number | null {
  return seconds === null || seconds === undefined ? null : seconds * 1000;
}

export function showPipeline(it: Pipeline): void {
  setText(byId("rate"), format.rate(it.commits?.events_per_second));
  const window = it.commits?.window_seconds;
  setText(byId("rate-aside"), window ? `mean of the last ${window} s` : "nothing committed lately");
  setFacts(byId("flow-facts"), flow(it));
  setFacts(byId("outcome-facts"), outcome(it));
  setRows(tbodyOf("latency"), latency(it));
  setFacts(byId("store-facts"), stores(it));
}
