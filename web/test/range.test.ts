import { expect, test } from "vitest";
import { bounds, custom, lengthMs, refreshMs, watchedMinutes } from "../src/state/range";

test("named ranges end now, custom ones where they say", () => {
  expect(bounds({ preset: "7d" })).toEqual({ from: "now-7d", to: "now" });
  expect(custom("2026-03-01T00:00:00+01:00", "2026-03-02T00:00:00Z")).toEqual({
    from: "2026-02-28T23:00:00.000Z",
    to: "2026-03-02T00:00:00.000Z",
  });
  expect(custom("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z")).toBeNull();
  expect(lengthMs({ preset: "1h" })).toBe(3_600_000);
});

test("numbers are asked for again as often as they move", () => {
  const now = Date.parse("2026-03-10T00:00:00Z");
  const range = (from: string, to: string) => ({ from: `${from}T00:00:00.000Z`, to: `${to}T00:00:00.000Z` });
  expect(refreshMs({ preset: "15m" }, now)).toBe(2_000);
  expect(refreshMs({ preset: "30d" }, now)).toBe(60_000);
  expect(refreshMs(range("2026-03-01", "2026-03-05"), now)).toBeNull();
  expect(refreshMs(range("2026-03-05", "2026-03-11"), now)).toBe(15_000);
});

test("only the short ranges up to now are watched", () => {
  expect(watchedMinutes({ preset: "1h" })).toBe(60);
  expect(watchedMinutes({ preset: "24h" })).toBeNull();
  expect(watchedMinutes({ from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z" })).toBeNull();
});
