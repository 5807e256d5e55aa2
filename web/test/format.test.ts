import { expect, test } from "vitest";
import * as format from "../src/format";

test("what isn't known is a dash, and zero is known", () => {
  expect(format.count(null)).toBe("–");
  expect(format.rate(undefined)).toBe("–");
  expect(format.span(Number.NaN)).toBe("–");
  expect(format.decimal(null)).toBe("–");
  expect(format.count(0)).toBe("0");
  expect(format.rate(0)).toBe("0");
});

test("rates show a decimal only where it says something", () => {
  expect(format.rate(12.34)).toBe("12.3");
  expect(format.rate(99.97)).toBe("100");
  expect(format.rate(4998.7)).toBe("4,999");
});

test("decimals of any size are cut to two places, exactly", () => {
  expect(format.decimal("0")).toBe("0.00");
  expect(format.decimal("19.99")).toBe("19.99");
  expect(format.decimal("-3.000001")).toBe("−3.00");
  expect(format.decimal("-0.004")).toBe("0.00");
  expect(format.decimal("0.005")).toBe("0.01");
  expect(format.decimal("1.999999")).toBe("2.00");
  expect(format.decimal("123456789012345678901.5")).toBe("123,456,789,012,345,678,901.50");
  expect(format.decimal("1e3")).toBe("–");
});

test("bytes and spans take the unit that keeps them short", () => {
  expect(format.bytes(0)).toBe("0 B");
  expect(format.bytes(1536)).toBe("1.5 KiB");
  expect(format.bytes(2 * 1024 ** 3)).toBe("2.0 GiB");
  expect(format.span(7.04)).toBe("7.0 ms");
  expect(format.span(640)).toBe("640 ms");
  expect(format.span(1_234)).toBe("1.2 s");
  expect(format.span(600_000)).toBe("10 min");
  expect(format.span(9_000_000)).toBe("2.5 h");
});

test("shares keep three digits", () => {
  expect(format.percent(0)).toBe("0 %");
  expect(format.percent(0.1 + 0.2)).toBe("30 %");
  expect(format.percent(0.00125)).toBe("0.125 %");
});

test("plural", () => {
  expect(format.plural(1, "entry", "entries")).toBe("1 entry");
  expect(format.plural(0, "event")).toBe("0 events");
});

test("changes have a sign, and big ones are factors", () => {
  expect(format.change(0.1234)).toBe("+12.3 %");
  expect(format.change(-1)).toBe("−100 %");
  expect(format.change(0.0001)).toBe("±0.0 %");
  expect(format.change(736)).toBe("×737");
  expect(format.change(null)).toBe("–");
  expect(format.share(0.5)).toBe("50.0 %");
  expect(format.ratio(5.1)).toBe("5.10");
});
