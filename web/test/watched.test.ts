import { expect, test } from "vitest";
import type { MetricsData } from "tidemark-client";
import { liveShares } from "../src/breakdowns/shares";
import { liveRows, liveSummary } from "../src/overview/useLiveMinutes";

const minute = (at: string, events: number) => ({ bucket: `2026-11-20T10:${at}:00Z`, events, users: events, sessions: events, value: "0" });
const live: MetricsData = {
  from: "2026-11-20T10:01:00Z",
  to: "2026-11-20T10:03:00Z",
  watermark: null,
  minutes: [minute("01", 5), minute("02", 7)],
  totals: { events: 12, users: 9, sessions: 10, value: "3.5" },
};

test("what is watched replaces what was asked for, and the rest of that stays", () => {
  const asked = { events: 1, users: 1, bounce_rate: 0.5, comparison: { from: "", to: "", events: 4 } };
  expect(liveSummary(asked, live)).toEqual({ ...asked, events: 12, users: 9, sessions: 10, value: "3.5" });
});

test("minutes come from the window, what was before from the answer", () => {
  const comparison = { bucket: "2026-11-20T09:01:00Z", events: 2 };
  const rows = liveRows(
    [
      { bucket: "2026-11-20T10:00:00Z", events: 9, partial: false },
      { bucket: "2026-11-20T11:01:00+01:00", events: 1, partial: true, comparison },
    ],
    live,
  );
  expect(rows).toEqual([
    { ...minute("01", 5), partial: false, comparison },
    { ...minute("02", 7), partial: true },
  ]);
});

test("watched shares keep what each value is compared with", () => {
  const comparison = { events: 2 };
  const asked = [
    { key: "/", share: 0.9, events: 9, comparison },
    { key: "/old", share: 0.1, events: 1, comparison },
  ];
  const live = [
    { key: "/new", share: 0.6, events: 12 },
    { key: "/", share: 0.4, events: 8 },
  ];
  expect(liveShares(asked, live)).toEqual([live[0], { ...live[1], comparison }]);
  expect(liveShares(null, live)).toEqual(live);
});
