import { expect, test } from "vitest";
import { searchOf } from "../src/state/address";
import { readView, writeView, type View } from "../src/state/view";

const read = (search: string) => readView(new URLSearchParams(search));

function write(view: View, search = ""): string {
  const params = new URLSearchParams(search);
  writeView(view, params);
  return searchOf(params);
}

const usual = read("");

test("the usual view needs no parameters", () => {
  expect(usual.range).toEqual({ preset: "24h" });
  expect(write(usual)).toBe("");
});

test("every view comes back from its address", () => {
  const views: View[] = [
    { ...usual, range: { preset: "15m" }, compare: "year", zone: "Asia/Kathmandu" },
    { ...usual, range: { from: "2026-03-01T00:00:00.000Z", to: "2026-03-08T12:30:00.000Z" } },
    { ...usual, metric: "bounce_rate", by: "country", more: "page" },
    {
      ...usual,
      filters: [
        { field: "page", op: "is", values: ["/a|b", "/c\\d", ""] },
        { field: "properties.cart.plan", op: "matches", values: ["^pro: \\d+$"] },
        { field: "referrer", op: "is_not", values: [""] },
      ],
    },
  ];
  for (const view of views) expect(read(write(view))).toEqual(view);
});

test("parameters of others stay, and addresses stay readable", () => {
  expect(write({ ...usual, range: { preset: "7d" } }, "?funnel=a&range=1h")).toBe("?funnel=a&range=7d");
  const filters = [{ field: "page", op: "is" as const, values: ["/a", "/b"] }];
  expect(write({ ...usual, filters })).toBe("?filter=page:is:/a|/b");
});

test("what can't be understood is left out", () => {
  expect(read("?range=3h&compare=never&tz=Mars/Base&metric=love&by=user_id&more=x")).toEqual(usual);
  expect(read("?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z").range).toEqual({ preset: "24h" });
  expect(read("?from=yesterday&to=now").range).toEqual({ preset: "24h" });
  expect(read("?filter=nonsense").filters).toEqual([]);
});
