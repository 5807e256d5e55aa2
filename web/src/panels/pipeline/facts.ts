// The pipeline's state, as lists of facts.

import type { Pipeline } from "tidemark-client";
import * as format from "../../format";
import type { Fact } from "../parts/Facts";
import type { Tone } from "../parts/Mark";

const STAGES = ["stream", "decode", "queue", "write", "total"] as const;
/** Above so many seconds of work waiting, the backlog is marked. */
const LONG_BACKLOG_S = 10;
/** From here on ingestion takes no more. */
const FULL_MEMORY = 0.85;
const OLD_WATERMARK_S = 10;
/** A living consumer says so every second, also where there is nothing to read. */
const DEAD_CONSUMER_MS = 15_000;
/** Achieved below this share of what is wanted counts as falling behind. */
const KEEPS_UP = 0.9;

export function flow(it: Pipeline): Fact[] {
  const { backlog, commits } = it;
  const late = (backlog.seconds ?? 0) > LONG_BACKLOG_S ? "warn" : "plain";
  const age = it.watermark_age_seconds;
  return [
    ["Wanted", perSecond(it.rate.wanted)],
    ["Achieved", perSecond(it.rate.achieved), behind(it) ? "warn" : "plain"],
    ["Stored", perSecond(commits.events_per_second)],
    ["Backlog", events(backlog.events), late],
    ["Backlog in entries", format.count(backlog.entries), late],
    ["Backlog in time", format.span(milli(backlog.seconds)), late],
    ["Watermark’s age", format.span(milli(age)), (age ?? 0) > OLD_WATERMARK_S ? "warn" : "plain"],
  ];
}

export function batches({ commits }: Pipeline): Fact[] {
  return [
    ["Batch, mean", events(commits.batch.mean)],
    ["Batch, largest", events(commits.batch.max)],
    ["Commit, p50", format.span(commits.commit_ms.p50)],
    ["Commit, p99", format.span(commits.commit_ms.p99)],
    ["Written", each(format.bytes(commits.bytes_per_second))],
  ];
}

export function outcome(it: Pipeline): Fact[] {
  const dead = it.totals?.dead_lettered ?? it.dead_letters?.total;
  return [
    ["Stored", format.count(it.totals?.stored)],
    ["Duplicates", format.count(it.totals?.duplicates)],
    ["Dead-lettered", format.count(dead)],
    ["· in the last hour", format.count(it.dead_letters?.last_hour)],
  ];
}

/** The worst that can be said of it. */
export function condition(it: Pipeline): [Tone, string] {
  if (!it.redis) return ["bad", "Redis is not reachable"];
  if (!it.totals) return ["bad", "the database is not reachable"];
  if (it.consumers.every(({ idle_ms }) => idle_ms > DEAD_CONSUMER_MS)) return ["bad", "no consumer reads"];
  if ((it.backlog.seconds ?? 0) > LONG_BACKLOG_S) return ["warn", "events wait to be stored"];
  return behind(it) ? ["warn", "slower than wanted"] : ["good", "keeping up"];
}

function behind({ rate: { wanted, achieved } }: Pipeline): boolean {
  return wanted !== null && achieved !== null && achieved < wanted * KEEPS_UP;
}

export function latency(it: Pipeline): string[][] {
  return STAGES.map((stage) => {
    const quantiles = it.latency_ms[stage];
    return [stage, format.span(quantiles.p50), format.span(quantiles.p99)];
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

/** Share of Redis's limit that is used; null without a limit or without Redis. */
export function memoryShare({ redis }: Pipeline): number | null {
  return redis && redis.maxmemory > 0 ? redis.used_memory / redis.maxmemory : null;
}

function memory(it: Pipeline): Fact {
  if (!it.redis) return ["Redis", "not reachable", "bad"];
  const used = format.bytes(it.redis.used_memory);
  const share = memoryShare(it);
  if (share === null) return ["Redis memory", `${used}, no limit`];
  const text = `${used} of ${format.bytes(it.redis.maxmemory)} (${Math.round(share * 100)} %)`;
  return ["Redis memory", text, share >= FULL_MEMORY ? "bad" : "plain"];
}

function events(number: number | null): string {
  return number === null ? format.NONE : format.plural(Math.round(number), "event");
}

function perSecond(rate: number | null): string {
  return each(format.rate(rate));
}

function each(text: string): string {
  return text === format.NONE ? text : `${text}/s`;
}

function milli(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
