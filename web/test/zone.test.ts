import { expect, test } from "vitest";
import { fromLocalInput, offsetText, searchZones, toLocalInput } from "../src/state/zone";
import { bucket, moment, span, ticks } from "../src/time";

const at = (text: string) => Date.parse(text);
const instant = (text: string, zone: string) => {
  const moment = fromLocalInput(text, zone);
  return moment === null ? null : new Date(moment).toISOString();
};

test("what a clock shows is read back as the same moment", () => {
  const zones = ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"];
  for (const zone of zones) {
    for (let moment = at("2026-01-01T00:00:00Z"); moment < at("2027-01-01T00:00:00Z"); moment += 86_400_000 / 3) {
      const shown = toLocalInput(moment, zone);
      expect(toLocalInput(fromLocalInput(shown, zone) ?? 0, zone)).toBe(shown);
    }
  }
});

test("an hour that comes twice is the first, one that doesn't come is after the jump", () => {
  expect(instant("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
  expect(instant("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
  expect(instant("tomorrow", "Europe/Berlin")).toBeNull();
});

test("offsets have their minutes", () => {
  expect(offsetText(at("2026-01-01T00:00:00.750Z"), "Asia/Kathmandu")).toBe("+05:45");
  expect(offsetText(at("2026-01-01T00:00:00Z"), "America/St_Johns")).toBe("−03:30");
  expect(offsetText(at("2026-01-01T00:00:00Z"), "UTC")).toBe("+00:00");
});

test("zones are found by their cities", () => {
  expect(searchZones("new york", 3)[0]).toBe("America/New_York");
  expect(searchZones("berlin", 3)).toEqual(["Europe/Berlin"]);
  expect(searchZones("nowhere at all", 3)).toEqual([]);
});

test("moments are as fine as their buckets", () => {
  const zone = "America/New_York";
  expect(bucket("2026-11-21T05:00:00Z", "1d", zone)).toMatch(/^Sat,? 21 Nov$/);
  expect(bucket("2026-11-21T05:05:00Z", "5m", zone)).toMatch(/^Sat,? 21 Nov,? 00:05$/);
  expect(bucket("2026-11-01T04:00:00Z", "1M", zone)).toBe("November 2026");
  expect(ticks([at("2026-11-21T05:00:00Z") / 1000, at("2026-11-21T06:00:00Z") / 1000], 3_600, zone)).toEqual([
    "21 Nov",
    "01:00",
  ]);
});

test("what is no moment is a dash", () => {
  expect(moment("yesterday", "UTC")).toBe("–");
  expect(moment(null, "UTC")).toBe("–");
});

test("ranges are said as shortly as they can be", () => {
  expect(span("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "UTC")).toBe("20 Nov 2026");
  expect(span("2026-11-18T00:00:00Z", "2026-11-21T00:00:00Z", "UTC")).toBe("18 Nov – 20 Nov 2026");
  expect(span("2026-11-20T10:00:00Z", "2026-11-20T11:30:00Z", "UTC")).toBe("20 Nov, 10:00 – 11:30");
});
