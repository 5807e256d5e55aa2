import { expect, test } from "vitest";
import type { HeldEvents } from "tidemark-client";
import * as funnel from "../../src/panels/funnel/question";
import * as retention from "../../src/panels/retention/question";
import { honesty, newer, waiting } from "../../src/panels/tail/rows";

const query = { from: "now-24h", to: "now", tz: "Europe/Berlin", filter: null };

test("a funnel in the address reads as it was written", () => {
  const question: funnel.Question = {
    steps: [
      { field: "page", value: "/a>b~c%20d" },
      { field: "event_type", value: "sign:up" },
    ],
    window: "7d",
    by: "country",
  };
  expect(funnel.read(funnel.written(question))).toEqual(question);
  expect(funnel.read(funnel.written(funnel.USUAL))).toEqual(funnel.USUAL);
});

test("an address that makes no sense shows the usual funnel", () => {
  const texts = [null, "", "page:/", "colour:red>page:/", "page:%zz>page:/", Array(7).fill("page:/").join(">")];
  for (const text of texts) expect(funnel.read(text), String(text)).toEqual(funnel.USUAL);
  expect(funnel.read("page:/>page:/a~9y~planet")).toMatchObject({ window: "1d", by: null });
});

test("a funnel is asked within the page's range and filter, and not while a step is empty", () => {
  const filtered = { ...query, filter: ["is", "country", ["DE"]] as const };
  expect(funnel.paramsOf({ ...funnel.USUAL, by: "device" }, filtered)).toEqual({
    steps: [
      { name: "page_view", filter: ["is", "event_type", ["page_view"]] },
      { name: "add_to_cart", filter: ["is", "event_type", ["add_to_cart"]] },
      { name: "purchase", filter: ["is", "event_type", ["purchase"]] },
    ],
    window: "1d",
    from: "now-24h",
    to: "now",
    tz: "Europe/Berlin",
    filters: [["is", "country", ["DE"]]],
    by: "device",
  });
  const empty = { ...funnel.USUAL, steps: [{ field: "page", value: " " } as const, ...funnel.USUAL.steps] };
  expect(funnel.paramsOf(empty, query)).toBeNull();
});

test("retention looks at its own periods", () => {
  expect(retention.read("week")).toBe("week");
  expect(retention.read("toString")).toBe("day");
  expect(retention.paramsOf("week", query)).toEqual({ period: "week", periods: 8, tz: "Europe/Berlin", filter: null });
});

function held(ids: string[], more: Partial<HeldEvents> = {}): HeldEvents {
  const accepted = (id: string) => new Date(id.charCodeAt(0)).toISOString();
  const events = ids.map((event_id) => ({ event_id, accepted_at: accepted(event_id) }) as HeldEvents["events"][number]);
  return { events, sampled: false, skipped: 0, rate: 20, ...more };
}

test("the tail says what it doesn't show", () => {
  expect(honesty(held(["a"]))).toBe("every event is shown");
  const sampled = honesty(held(["a"], { sampled: true, skipped: 1234 }));
  expect(sampled).toBe("a sample of at most 20 events a second; 1,234 events left out so far");
  expect(honesty(held(["a"], { skipped: 1 }))).toBe("every event is shown now; 1 event left out so far");
});

test("what comes while the rows stand still is counted", () => {
  const stopped = held(["b", "a"]);
  expect(newer(stopped, held(["d", "c", "b", "a"]))).toBe(2);
  expect(newer(held(["b"]), held(["c", "b", "a"]))).toBe(1);
  expect(newer(held([]), held(["b", "a"]))).toBe(2);
  expect(waiting(2)).toBe("paused; 2 newer wait");
  expect(waiting(50)).toBe("paused; 50 or more newer wait");
});
