// The accounts in words: accepted = stored + duplicates + dead-lettered + in flight.

import type { Account, Audit, Verdict } from "tidemark-client";
import * as format from "../../format";
import type { Tone } from "../parts/Mark";

const VERDICTS: Record<Verdict, [Tone, string]> = {
  balanced: ["good", "balanced: every accepted event is accounted for"],
  settling: ["good", "settling: it adds up so far; events are in flight"],
  lost: ["bad", "lost: events are missing"],
  overcounted: ["bad", "overcounted: more was counted than was accepted"],
};

export function verdict(audit: Audit): [Tone, string] {
  const [tone, text] = VERDICTS[audit.verdict] ?? ["warn", format.words(audit.verdict)];
  if (audit.database.equal !== false || tone === "bad") return [tone, text];
  return ["bad", "rollups, rows and accounts differ"];
}

export interface Term {
  name: string;
  number: string;
}

/** The equation's left side, then its right side. */
export function equation({ total }: Audit): [Term, ...Term[]] {
  return [
    { name: "accepted", number: format.count(total.accepted) },
    { name: "stored", number: format.count(total.stored) },
    { name: "duplicates", number: format.count(total.duplicates) },
    { name: "dead-lettered", number: format.count(total.dead_lettered) },
    { name: "in flight", number: format.count(total.in_flight) },
  ];
}

/** A line for each source, then one for all. */
export function accounts(audit: Audit): string[][] {
  const line = (name: string, it: Account, said: Verdict) => [
    name,
    it.accepted === null ? entries(it.entries_accepted) : format.count(it.accepted),
    format.count(it.stored),
    format.count(it.duplicates),
    format.count(it.dead_lettered),
    it.in_flight === null ? entries(it.entries_in_flight) : format.count(it.in_flight),
    said,
  ];
  return [
    ...audit.sources.map((it) => line(it.source, it, it.verdict)),
    line("all", audit.total, audit.verdict),
  ];
}

function entries(number: number): string {
  return format.plural(number, "entry", "entries");
}
