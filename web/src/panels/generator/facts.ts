import * as format from "../../format";
import type { Fact } from "../parts/Facts";
import type { Tone } from "../parts/Mark";
import type { View } from "./settings";

const HELD_BY: Record<string, string> = {
  backlog: "too long a backlog",
  memory: "Redis’s memory",
  redis: "Redis, which is away",
  eviction_policy: "Redis, which would evict events",
  disk: "Redis, which can’t write its disk",
  stream_ids: "a stream whose ids lie in the future",
};

/** Achieved below this share of what is wanted counts as falling behind. */
const KEEPS_UP = 0.9;

export function facts({ running, status, faults, limit }: View): Fact[] {
  const late = running && status.achieved_rate < status.wanted_rate * KEEPS_UP;
  const faulty = Object.values(faults).reduce((sum, share) => sum + share, 0);
  const sent = limit === null ? format.count(status.sent) : `${format.count(status.sent)} of ${format.count(limit)}`;
  const facts: Fact[] = [
    ["Wanted", `${format.rate(status.wanted_rate)} events/s`],
    ["Achieved", `${format.rate(status.achieved_rate)} events/s`, late ? "warn" : "plain"],
    ["Sent in this run", sent],
    ["Missed of the schedule", format.count(status.missed), status.missed > 0 ? "warn" : "plain"],
    ["Sent with a fault", `${format.percent(faulty)} of events`],
  ];
  if (status.paused_by) {
    facts.push(["Held back by", HELD_BY[status.paused_by] ?? format.words(status.paused_by), "bad"]);
  }
  return facts;
}

export function stateOf({ running, status }: View): [Tone, string] {
  if (status.paused_by) return ["warn", "held back"];
  if (status.finished) return ["plain", "its run is finished"];
  return running ? ["good", "running"] : ["plain", "stopped"];
}
