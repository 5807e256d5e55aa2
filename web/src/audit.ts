// The accounts: asked for every few seconds, said in words with a mark.

import { getData } from "./api";
import { byId, setRows, setState, setText, tbodyOf, type Tone } from "./dom";
import * as format from "./format";
import type { Account, Audit, Verdict } from "./protocol";

const EVERY_MS = 4_000;

const VERDICTS: Record<Verdict, [Tone, string]> = {
  balanced: ["good", "balanced: every accepted event is accounted for"],
  settling: ["plain", "adds up so far; events are in flight"],
  lost: ["bad", "events are missing"],
  overcounted: ["bad", "more was counted than was accepted"],
};

export function verdict(audit: Audit): [Tone, string] {
  const [tone, text] = VERDICTS[audit.verdict] ?? ["warn", format.words(audit.verdict)];
  if (audit.database?.equal !== false || tone === "bad") return [tone, text];
  return ["bad", "rollups, rows and accounts differ"];
}

export function accounts(audit: Audit): string[][] {
  const line = (name: string, it: Account) => [
    name,
    it.accepted === null ? entries(it.entries_accepted) : format.count(it.accepted),
    format.count(it.stored),
    format.count(it.duplicates),
    format.count(it.dead_lettered),
    it.in_flight === null ? entries(it.entries_in_flight) : format.count(it.in_flight),
  ];
  return [...audit.sources.map((it) => line(it.source, it)), line("all", audit.total)];
}

function entries(number: number | null): string {
  return number === null ? format.NONE : format.plural(number, "entry", "entries");
}

function show(audit: Audit): void {
  setState(byId("audit-verdict"), ...verdict(audit));
  setRows(tbodyOf("audit"), accounts(audit));
  const list = byId("audit-notes");
  while (list.children.length > audit.notes.length) list.lastElementChild?.remove();
  audit.notes.forEach((note, index) => {
    const item = list.children[index] ?? list.appendChild(document.createElement("li"));
    setText(item, note);
  });
}

/** Keeps the accounts current while the page is looked at. */
export function watchAudit(): void {
  const ask = async () => {
    try {
      if (!document.hidden) show(await getData<Audit>("/api/v1/audit"));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      setState(byId("audit-verdict"), "warn", `not known: ${why}`);
    }
    setTimeout(ask, EVERY_MS);
  };
  void ask();
}
