import { expect, test } from "vitest";
import { describe, fromRollups, readFilter, toggle, typedValues, writeFilter, type Filter } from "../src/state/filters";

test("the short form and `in` are `is`", () => {
  const page: Filter = { field: "page", op: "is", values: ["https://a.example/x|y"] };
  expect(readFilter("page:https://a.example/x|y")).toEqual(page);
  expect(readFilter("country:in:DE|AT")).toEqual({ field: "country", op: "is", values: ["DE", "AT"] });
  expect(writeFilter(page)).toBe("page:is:https://a.example/x\\|y");
});

test("a value is set, replaced and taken away, beside other tests of its field", () => {
  const contains: Filter = { field: "page", op: "contains", values: ["/blog"] };
  const one = toggle([contains], "page", "/a");
  expect(one).toEqual([contains, { field: "page", op: "is", values: ["/a"] }]);
  const other = toggle(one, "page", "/b");
  expect(other[1]?.values).toEqual(["/b"]);
  expect(toggle(other, "page", "/b")).toEqual([contains]);
});

test("filters are said in words", () => {
  expect(describe({ field: "referrer", op: "is_not", values: ["", "a.example"] })).toBe(
    "Referrer is not (none) or a.example",
  );
  expect(describe({ field: "properties.plan", op: "is", values: ["pro"] })).toBe("Property plan is pro");
});

test("rollups know one of their dimensions at a time", () => {
  const page: Filter = { field: "page", op: "contains", values: ["/blog"] };
  const user: Filter = { field: "user_id", op: "is", values: ["ada"] };
  expect(fromRollups([])).toBe(true);
  expect(fromRollups([page, { ...page, op: "is_not" }])).toBe(true);
  expect(fromRollups([page], "page")).toBe(true);
  expect(fromRollups([page], "country")).toBe(false);
  expect(fromRollups([user])).toBe(false);
});

test("commas part what is typed, but not a known value", () => {
  expect(typedValues("is", "DE, AT", ["DE", "AT"])).toEqual(["DE", "AT"]);
  expect(typedValues("is", "Chrome, mobile", ["Chrome, mobile"])).toEqual(["Chrome, mobile"]);
  expect(typedValues("is", "", [])).toEqual([""]);
  expect(typedValues("contains", "/blog, ,", [])).toEqual(["/blog"]);
  expect(typedValues("contains", " , ", [])).toEqual([]);
  expect(typedValues("matches", "^/a{1,2}$", [])).toEqual(["^/a{1,2}$"]);
  expect(typedValues("matches", "", [])).toEqual([]);
});
