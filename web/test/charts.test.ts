import { expect, test } from "vitest";
import { columns, groupColumns, zoomed } from "../src/charts/series";
import { sparkPath } from "../src/charts/Sparkline";
import type { Bucket } from "../src/data/types";
import { joinRows } from "../src/overview/useOverview";
import { change, METRIC } from "../src/state/metrics";

function row(minute: number, events: number, partial = false): Bucket {
  return { bucket: `2026-11-20T10:0${minute}:00Z`, events, partial };
}

test("buckets that aren't whole are a line of their own, joined to their neighbours", () => {
  const rows = [row(0, 5, true), row(1, 10), row(2, 20), row(3, 7, true)];
  const [starts, whole, partial] = columns(rows, "events");
  expect(starts?.[1]).toBe(Date.parse("2026-11-20T10:01:00Z") / 1000);
  expect(whole).toEqual([null, 10, 20, null]);
  expect(partial).toEqual([5, 10, 20, 7]);
  expect(columns([row(0, 1), row(1, 2), row(2, 3)], "events")[2]).toEqual([null, null, null]);
});

test("decimal strings are drawn as numbers, what isn't defined as a gap", () => {
  const rows = [{ ...row(0, 1), value: "19.99", bounce_rate: null }];
  expect(columns(rows, "value")[1]).toEqual([19.99]);
  expect(columns(rows, "bounce_rate")[1]).toEqual([null]);
});

test("groups share their starts", () => {
  const group = (key: string | null, rows: Bucket[]) => ({ key, rest: key === null, rows });
  const data = groupColumns([group("a", [row(0, 1)]), group(null, [row(0, 9)])], "events");
  expect(data.slice(1)).toEqual([[1], [null], [9], [null]]);
});

test("dragging takes whole buckets", () => {
  expect(zoomed([0, 60, 120], 180, 70, 130)).toEqual([60, 180]);
  expect(zoomed([0, 60, 120], 180, 61, 62)).toEqual([60, 120]);
  expect(zoomed([0, 60, 120], 180, -5, 500)).toEqual([0, 180]);
  expect(zoomed([], Number.NaN, 0, 1)).toBeNull();
});

test("a sparkline has gaps where there is nothing, and a flat one lies on the ground", () => {
  expect(sparkPath([0, 2, null, 1])).toBe("M0.00 24.00L33.33 0.00M100.00 12.00");
  expect(sparkPath([0, 0])).toBe("M0.00 24.00L100.00 24.00");
  expect(sparkPath([])).toBe("");
});

test("late metrics join the buckets of the same start", () => {
  const late: Bucket[] = [{ bucket: row(1, 0).bucket, partial: false, bounce_rate: 0.5 }];
  expect(joinRows([row(0, 1), row(1, 2)], late)).toEqual([row(0, 1), { ...row(1, 2), bounce_rate: 0.5 }]);
});

test("changes are relative to what was before", () => {
  expect(change(150, 100)).toBe(0.5);
  expect(change("10.00", "20.00")).toBe(-0.5);
  expect(change(-5, -10)).toBe(0.5);
  expect(change(1, 0)).toBeNull();
  expect(change(null, 3)).toBeNull();
  expect(METRIC.bounce_rate.show(0.4567)).toBe("45.7 %");
  expect(METRIC.duration_avg_ms.show(null)).toBe("–");
});
