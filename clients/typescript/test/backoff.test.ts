import { expect, test } from "vitest";
import { jittered, retryAfterMs, sleep } from "../src/backoff.js";

const backoff = { firstMs: 500, mostMs: 15_000 };

test("a wait is anything up to a ceiling that doubles", () => {
  expect(jittered(backoff, 0, 0)).toBe(0);
  expect(jittered(backoff, 0, 0.999999)).toBe(500);
  expect(jittered(backoff, 3, 0.5)).toBe(2_000);
  expect(jittered(backoff, 5, 0.999999)).toBe(15_000);
  expect(jittered(backoff, 10_000, 0.999999)).toBe(15_000);
});

test("Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(retryAfterMs("2", now)).toBe(2_000);
  expect(retryAfterMs("Sat, 21 Nov 2026 12:00:05 GMT", now)).toBe(5_000);
  expect(retryAfterMs("Sat, 21 Nov 2026 11:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs(null, now)).toBeUndefined();
});

test("a sleep ends with its signal", async () => {
  const abort = new AbortController();
  const slept = sleep(60_000, abort.signal);
  abort.abort(new Error("enough"));
  await expect(slept).rejects.toThrow("enough");
  await expect(sleep(60_000, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
});
