import { expect, test } from "vitest";
import type { Audit } from "tidemark-client";
import { accounts, equation, verdict } from "../../src/panels/audit/accounts";

const account = {
  accepted: null,
  stored: 1,
  duplicates: 0,
  dead_lettered: 0,
  in_flight: null,
  entries_accepted: 2,
  entries_handled: 1,
  entries_in_flight: 1,
  lost_entries: 0,
};

const tier = { buckets: 0, built_events: 0, minute_events: 0 };

function audit(changes: Partial<Audit>): Audit {
  return {
    verdict: "balanced",
    sources: [{ source: "external", verdict: "settling", ...account }],
    total: { ...account, accepted: 1234, stored: 1200, duplicates: 30, dead_lettered: 3, in_flight: 1 },
    database: {
      ledger_stored: 1,
      rollup_events: 1,
      rollup_1m_events: null,
      rollup_15m: tier,
      rollup_1h: tier,
      rollup_1d: tier,
      ledger_dead_lettered: 0,
      dead_letters: 0,
      raw_events: null,
      equal: true,
    },
    notes: [],
    ...changes,
  };
}

test("missing or overcounted events and a database at odds with itself are bad", () => {
  const { database } = audit({});
  expect(verdict(audit({}))[0]).toBe("good");
  expect(verdict(audit({ verdict: "settling" }))[0]).toBe("good");
  expect(verdict(audit({ verdict: "lost" }))[0]).toBe("bad");
  expect(verdict(audit({ verdict: "overcounted" }))[0]).toBe("bad");
  expect(verdict(audit({ database: { ...database, equal: false } }))[0]).toBe("bad");
});

test("both sides of the equation are shown as they are", () => {
  const text = equation(audit({})).map(({ name, number }) => `${number} ${name}`);
  expect(text).toEqual(["1,234 accepted", "1,200 stored", "30 duplicates", "3 dead-lettered", "1 in flight"]);
});

test("a source without a counter of events is shown by its entries", () => {
  expect(accounts(audit({}))[0]).toEqual(["external", "2 entries", "1", "0", "0", "1 entry", "settling"]);
});
