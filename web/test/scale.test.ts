import { expect, test } from "vitest";
import { MAX_RATE, POSITIONS, positionOf, rateAt } from "../src/scale";

test("the ends of the slider are silence and the most", () => {
  expect(rateAt(0)).toBe(0);
  expect(rateAt(1)).toBe(1);
  expect(rateAt(POSITIONS)).toBe(MAX_RATE);
  expect(positionOf(0)).toBe(0);
  expect(positionOf(Number.NaN)).toBe(0);
  expect(positionOf(0.2)).toBe(1);
  expect(positionOf(10 * MAX_RATE)).toBe(POSITIONS);
});

test("the rate never falls while the slider rises, and comes back near where it was", () => {
  for (let position = 1; position <= POSITIONS; position += 1) {
    const rate = rateAt(position);
    expect(rate).toBeGreaterThanOrEqual(rateAt(position - 1));
    expect(rate).toBe(Math.round(rate * 10) / 10);
    const back = rateAt(positionOf(rate));
    expect(Math.abs(back - rate) / rate).toBeLessThan(0.06);
  }
});
