import { expect, test } from "vitest";
import { Minutes } from "../src/minutes";
import type { MetricsFrame } from "../src/protocol";

function frame(from: string, to: string, events: Record<string, number>): MetricsFrame {
  const day = "2026-11-20T";
  const minutes = Object.entries(events).map(([at, count]) => ({
    bucket: `${day}${at}:00Z`,
    events: count,
    users: count,
    sessions: count,
    value: "0",
  }));
  const sum = Object.values(events).reduce((a, b) => a + b, 0);
  const totals = { events: sum, users: sum, sessions: sum, value: "0" };
  return { from: `${day}${from}:00Z`, to: `${day}${to}:00Z`, watermark: null, minutes, totals };
}

const counts = (hour: { minutes: { events: number }[] }) => hour.minutes.map((it) => it.events);

test("a delta replaces the minutes it names and leaves the others", () => {
  const minutes = new Minutes();
  expect(counts(minutes.replace(frame("10:00", "10:03", { "10:00": 1, "10:01": 2 })))).toEqual([1, 2, 0]);
  expect(counts(minutes.merge(frame("10:00", "10:03", { "10:01": 5, "10:02": 7 })))).toEqual([1, 5, 7]);
});

test("the range moves on: old minutes leave, and those without events are zero", () => {
  const minutes = new Minutes();
  minutes.replace(frame("10:00", "10:03", { "10:00": 1, "10:02": 3 }));
  const hour = minutes.merge(frame("10:02", "10:05", { "10:04": 9 }));
  expect(counts(hour)).toEqual([3, 0, 9]);
  expect(hour.minutes.map((it) => it.bucket.slice(11, 16))).toEqual(["10:02", "10:03", "10:04"]);
});

test("a snapshot forgets what was known before", () => {
  const minutes = new Minutes();
  minutes.replace(frame("10:00", "10:02", { "10:00": 1, "10:01": 1 }));
  expect(counts(minutes.replace(frame("10:00", "10:02", { "10:01": 4 })))).toEqual([0, 4]);
});

test("a minute is the same however its start is written", () => {
  const minutes = new Minutes();
  const first = frame("10:00", "10:01", { "10:00": 1 });
  minutes.replace(first);
  const again = frame("10:00", "10:01", { "10:00": 2 });
  again.minutes[0]!.bucket = "2026-11-20T11:00:00+01:00";
  expect(counts(minutes.merge(again))).toEqual([2]);
});
