import { expect, test } from "vitest";
import { and, contains, is, isNot, not, Tidemark, TidemarkError } from "../src/index.js";
import { Answers } from "../src/query/answers.js";
import { queryString } from "../src/query/params.js";
import { json, problem, replies, type Asked, type Recorded, type Reply } from "./fetch.js";

function client(...list: Reply[]): { tidemark: Tidemark; fetch: Recorded } {
  const fetch = replies(...list);
  return { tidemark: new Tidemark({ url: "http://api.test/", fetch }), fetch };
}

const answer = (data: unknown, meta: object = {}) => json({ data, meta: { watermark: "w1", ...meta } });

test("parameters become a query string", () => {
  const from = new Date("2026-11-21T00:00:00Z");
  expect(queryString({})).toBe("");
  expect(queryString({ from, tz: undefined, metrics: ["events", "value"], limit: 5 })).toBe(
    "?from=2026-11-21T00%3A00%3A00.000Z&metrics=events%2Cvalue&limit=5",
  );
});

test("a tree is one filter, a list of filters is several", () => {
  const filters = (filter: unknown) =>
    new URLSearchParams(queryString({ filter })).getAll("filter");
  const tree = and(is("country", "DE", "AT"), not(contains("page", "/admin")));
  expect(filters(tree)).toEqual([
    '["and",[["is","country",["DE","AT"]],["not",["contains","page",["/admin"]]]]]',
  ]);
  expect(filters([tree, "device:mobile"])).toHaveLength(2);
  expect(filters("page:/is")).toEqual(["page:/is"]);
  expect(filters(isNot("properties.plan", "free"))).toEqual(['["is_not","properties.plan",["free"]]']);
  expect(filters(null)).toEqual([]);
});

test("a refusal is an error with what the api says", async () => {
  const { tidemark, fetch } = client(
    problem(422, "invalid_parameter", { parameter: "interval", nearest: "1h" }),
  );
  const error = await tidemark.query.timeseries({ interval: "1m" }).catch((error) => error);
  expect(error).toBeInstanceOf(TidemarkError);
  expect(error).toMatchObject({ status: 422, code: "invalid_parameter", parameter: "interval" });
  expect(error.problem.nearest).toBe("1h");
  expect(fetch.asked).toHaveLength(1);
});

test("429 and 503 are asked again after Retry-After, within the bound", async () => {
  const { tidemark, fetch } = client(
    problem(429, "busy", {}, "0"),
    problem(503, "database_unavailable", {}, "0"),
    answer({ events: 7 }),
  );
  const { data } = await tidemark.query.summary({ metrics: ["events"] });
  expect(data.events).toBe(7);
  expect(fetch.asked).toHaveLength(3);

  const later = client(problem(503, "not_migrated", {}, "600"));
  await expect(later.tidemark.query.metadata()).rejects.toMatchObject({ retryAfter: 600 });
  expect(later.fetch.asked).toHaveLength(1);

  const slow = client(problem(503, "query_timeout", {}, "1"));
  await expect(slow.tidemark.query.retention()).rejects.toMatchObject({ code: "query_timeout" });
  expect(slow.fetch.asked).toHaveLength(1);
});

test("no answer, and an answer of somebody else, are told apart", async () => {
  const gone = client(new TypeError("fetch failed"));
  await expect(gone.tidemark.query.audit()).rejects.toMatchObject({ status: 0, code: "unreachable" });
  const other = client(new Response("<html>"));
  await expect(other.tidemark.query.audit()).rejects.toMatchObject({ code: "malformed_answer" });
});

/** Its body begins, and then the connection breaks. */
function broken(headers: Record<string, string> = {}): Response {
  const pull = (it: ReadableStreamDefaultController) => it.error(new TypeError("terminated"));
  return new Response(new ReadableStream({ start: (it) => it.enqueue(new Uint8Array([123])), pull }), { headers });
}

/** Its body never ends, unless by the request's signal. */
function endless({ signal }: Asked): Response {
  const start = (it: ReadableStreamDefaultController) =>
    signal.addEventListener("abort", () => it.error(signal.reason));
  return new Response(new ReadableStream({ start }));
}

test("an answer that breaks off is no answer", async () => {
  const { tidemark } = client(() => broken(), () => broken({ ETag: '"a"' }), () => broken());
  const unreachable = { name: "TidemarkError", status: 0, code: "unreachable" };
  await expect(tidemark.query.audit()).rejects.toMatchObject(unreachable);
  await expect(tidemark.query.audit()).rejects.toMatchObject(unreachable);
  await expect(tidemark.query.run({ metrics: ["events"] })).rejects.toMatchObject(unreachable);
});

test("an answer that doesn't end is too late, or ends with the caller's signal", async () => {
  const tidemark = new Tidemark({ url: "http://api.test", fetch: replies(endless), retry: { timeoutMs: 20 } });
  await expect(tidemark.query.audit()).rejects.toMatchObject({ name: "TidemarkError", status: 0, code: "timeout" });
  const signal = AbortSignal.timeout(5);
  await expect(tidemark.query.audit({}, { signal })).rejects.toBe(await aborted(signal));
});

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((reason) => signal.addEventListener("abort", () => reason(signal.reason)));
}

test("an abort rejects with its reason, between attempts too", async () => {
  const { tidemark } = client(problem(503, "busy", {}, "4"));
  const signal = AbortSignal.timeout(20);
  await expect(tidemark.query.summary({}, { signal })).rejects.toMatchObject({ name: "TimeoutError" });
});

test("what didn't change is answered from memory, with the new watermark", async () => {
  const first = json({ data: { events: 7 }, meta: { watermark: "w1" } }, 200, { ETag: 'W/"a"' });
  const unchanged = new Response(null, { status: 304, headers: { ETag: 'W/"a"', Watermark: "w2" } });
  const { tidemark, fetch } = client(first, unchanged);
  const asked = () => tidemark.query.summary({ metrics: ["events"], from: "now-1h" });
  const before = await asked();
  before.data.events = 8;
  const after = await asked();
  expect(fetch.asked[1]?.headers.get("If-None-Match")).toBe('W/"a"');
  expect(after).toEqual({ data: { events: 7 }, meta: { watermark: "w2" } });
});

test("answers are kept within bounds, the latest used ones", () => {
  const answers = new Answers({ entries: 2, characters: 40 });
  answers.keep("a", "1", "aaa");
  answers.keep("b", "2", "bbb");
  answers.text("a");
  answers.keep("c", "3", "ccc");
  expect(["a", "b", "c"].map((url) => answers.etag(url))).toEqual(["1", undefined, "3"]);
  answers.keep("d", "4", "d".repeat(11));
  expect(answers.etag("d")).toBeUndefined();
  answers.keep("a", null, "aaaa");
  expect(answers.size).toBe(1);
});

test("all events are asked for by the page", async () => {
  const { tidemark, fetch } = client(
    answer([{ event_id: "3" }, { event_id: "2" }], { next_cursor: "c2" }),
    answer([{ event_id: "1" }], { next_cursor: null }),
  );
  const ids: string[] = [];
  for await (const event of tidemark.query.allEvents({ from: "now-1h" })) ids.push(event.event_id);
  expect(ids).toEqual(["3", "2", "1"]);
  expect(fetch.asked.map(({ url }) => new URL(url).search)).toEqual([
    "?limit=1000&from=now-1h",
    "?limit=1000&from=now-1h&cursor=c2",
  ]);
});

test("the address of an export holds the question", () => {
  const { tidemark } = client();
  expect(tidemark.query.exportUrl({ format: "csv", filter: is("page", "/a") })).toBe(
    "http://api.test/api/v1/events/export?format=csv&filter=%5B%22is%22%2C%22page%22%2C%5B%22%2Fa%22%5D%5D",
  );
});
