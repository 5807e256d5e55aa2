import { expect, test } from "vitest";
import type { Event, EventsData, LiveMinute, MetricsData } from "../src/index.js";
import { hold, type Held } from "../src/live/held.js";

const options = { keep: 3 };
const at = (minute: number) => `2026-11-21T12:${String(minute).padStart(2, "0")}:00Z`;
const minute = (n: number, events: number): LiveMinute => ({
  bucket: at(n),
  events,
  users: events,
  sessions: events,
  value: "0",
});

function frame(from: number, to: number, minutes: LiveMinute[]): MetricsData {
  const events = minutes.reduce((sum, minute) => sum + minute.events, 0);
  const totals = { events, users: 1, sessions: 1, value: "0" };
  return { from: at(from), to: at(to), watermark: at(to), minutes, totals };
}

const counts = (held: Held["metrics"]) => held.minutes.map((minute) => minute.events);

test("minutes are merged, those that left the window go, silent ones are zero", () => {
  const snapshot = frame(0, 3, [minute(0, 1), minute(1, 2), minute(2, 3)]);
  const first = hold("metrics", {}, null, snapshot, options);
  expect(counts(first)).toEqual([1, 2, 3]);
  const next = frame(2, 5, [minute(2, 9)]);
  const second = hold("metrics", {}, first, next, options);
  expect(counts(second)).toEqual([9, 0, 0]);
  expect(second.minutes.map((minute) => minute.bucket)).toEqual([at(2), at(3), at(4)]);
  expect(second.totals.events).toBe(9);
  expect(second.watermark).toBe(at(5));
  expect(counts(first)).toEqual([1, 2, 3]);
});

test("a snapshot forgets what was held", () => {
  const first = hold("metrics", {}, null, frame(0, 2, [minute(0, 5), minute(1, 5)]), options);
  expect(counts(first)).toEqual([5, 5]);
  expect(counts(hold("metrics", {}, null, frame(0, 2, [minute(1, 1)]), options))).toEqual([0, 1]);
});

test("wider buckets lie on their own grid", () => {
  const data = { ...frame(10, 25, [minute(15, 4)]), minutes: [minute(15, 4)] };
  const held = hold("metrics", { interval: "5m" }, null, data, options);
  expect(held.minutes.map((minute) => minute.bucket)).toEqual([at(10), at(15), at(20)]);
  expect(counts(held)).toEqual([0, 4, 0]);
});

test("a silent bucket holds the metrics that were asked for", () => {
  const totals = { events: 0, bounce_rate: null } as unknown as MetricsData["totals"];
  const held = hold("metrics", {}, null, { ...frame(0, 1, []), totals }, options);
  expect(held.minutes).toEqual([{ bucket: at(0), events: 0, bounce_rate: null }]);
});

test("of events the newest are held, none twice, and what was left out is counted", () => {
  const events = (...ids: string[]): EventsData => ({
    events: ids.map((event_id) => ({ event_id }) as Event),
    sampled: true,
    skipped: 2,
    rate: 20,
  });
  const first = hold("events", {}, null, events("b", "a"), options);
  const second = hold("events", {}, first, events("d", "c", "b"), options);
  expect(second.events.map((event) => event.event_id)).toEqual(["d", "c", "b"]);
  expect(second.skipped).toBe(4);
});

test("other topics come whole", () => {
  const data = { from: at(0), to: at(1), watermark: null, rows: [], total_events: 0 };
  expect(hold("breakdown", { dimension: "page" }, null, data, options)).toBe(data);
});
