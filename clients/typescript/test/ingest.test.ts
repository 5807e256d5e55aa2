import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Tidemark, type IngestOptions, type NewEvent, type Undelivered } from "../src/index.js";
import { json, problem, replies, type Asked, type Recorded, type Reply } from "./fetch.js";

// Short waits.
beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0.01));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const LINGER_MS = 10;

interface World {
  ingest: Tidemark["ingest"];
  fetch: Recorded;
  undelivered: Undelivered[];
}

function world(options: IngestOptions, ...list: Reply[]): World {
  const fetch = replies(...list);
  const undelivered: Undelivered[] = [];
  const ingest = { lingerMs: LINGER_MS, onUndelivered: (it: Undelivered) => void undelivered.push(it), ...options };
  const tidemark = new Tidemark({ url: "", ingestionUrl: "http://in.test", fetch, ingest });
  return { ingest: tidemark.ingest, fetch, undelivered };
}

function events(asked: Asked | undefined): NewEvent[] {
  if (asked === undefined) return [];
  const zipped = asked.headers.get("Content-Encoding") === "gzip";
  const text = (zipped ? gunzipSync(asked.body) : Buffer.from(asked.body)).toString();
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as NewEvent);
}

/** Takes everything. */
const taken = (asked: Asked) => json({ accepted: events(asked).length, rejected: 0, errors: [], errors_total: 0 }, 202);
const event = (n: number): NewEvent => ({ event_type: "click", user_id: `user ${n}`, page: "/" });

test("events gather for a while and are sent together, compressed", async () => {
  const { ingest, fetch } = world({}, taken);
  const ids = Array.from({ length: 30 }, (_, n) => ingest.track(event(n)));
  await vi.waitFor(() => expect(ingest.waiting).toBe(0));
  expect(fetch.asked).toHaveLength(1);
  expect(fetch.asked[0]?.url).toBe("http://in.test/api/v1/events");
  expect(fetch.asked[0]?.headers.get("Content-Encoding")).toBe("gzip");
  expect(events(fetch.asked[0]).map((event) => event.event_id)).toEqual(ids);
});

test("a full batch doesn't wait", async () => {
  const { ingest, fetch } = world({ lingerMs: 60_000, batch: { events: 2 } }, taken);
  for (let n = 0; n < 5; n += 1) ingest.track(event(n));
  await vi.waitFor(() => expect(ingest.waiting).toBe(1));
  expect(fetch.asked.map((asked) => events(asked).length)).toEqual([2, 2]);
  await ingest.close();
  expect(ingest.waiting).toBe(0);
});

test("what failed is sent again with the same ids and times", async () => {
  const trouble: unknown[] = [];
  const onTrouble = (error: unknown) => void trouble.push(error);
  const { ingest, fetch, undelivered } = world(
    { onTrouble },
    new TypeError("offline"),
    problem(429, "backlog_full", {}, "0"),
    new Response("bad gateway", { status: 502 }),
    json({}),
    taken,
  );
  ingest.track(event(1));
  const report = await ingest.flush();
  expect(report).toEqual({ settled: 1, waiting: 0 });
  expect(new Set(fetch.asked.map((asked) => JSON.stringify(events(asked)))).size).toBe(1);
  expect(trouble.map((error) => (error as { code: string }).code)).toEqual([
    "unreachable",
    "backlog_full",
    "http_502",
    "malformed_answer",
  ]);
  expect(undelivered).toEqual([]);
});

test("nothing is sent before the time that Retry-After asks for", async () => {
  const { ingest, fetch } = world({}, problem(503, "busy", {}, "30"), taken);
  ingest.track(event(1));
  const report = await ingest.flush({ timeoutMs: 300 });
  expect(report).toMatchObject({ waiting: 1, error: { code: "busy", retryAfter: 30 } });
  expect((await ingest.flush({ timeoutMs: 100 })).waiting).toBe(1);
  expect(fetch.asked).toHaveLength(1);
});

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Answers after so long. */
const later = (ms: number, reply: (asked: Asked) => Response) => async (asked: Asked) => {
  await pause(ms);
  return reply(asked);
};

test("nor by what was to leave before", async () => {
  const busy = later(3 * LINGER_MS, () => problem(503, "busy", {}, "0.4"));
  const { ingest, fetch } = world({ lingerMs: LINGER_MS }, busy, taken);
  ingest.track(event(1));
  void ingest.flush();
  await vi.waitFor(() => expect(fetch.asked).toHaveLength(1));
  const began = Date.now();
  ingest.track(event(2));
  await pause(10 * LINGER_MS);
  expect(fetch.asked).toHaveLength(1);
  await vi.waitFor(() => expect(ingest.waiting).toBe(0), { timeout: 4_000 });
  expect(Date.now() - began).toBeGreaterThanOrEqual(400);
  expect(fetch.asked.map((asked) => events(asked).length)).toEqual([1, 2]);
});

test.each([
  ["throws", () => { throw new Error("told"); }],
  ["rejects", async () => { throw new Error("told"); }],
])("a callback that %s doesn't stop the queue", async (_, onTrouble) => {
  const complained = vi.spyOn(console, "error").mockImplementation(() => {});
  const load = () => new Map([["broken", "{"]]);
  const storage = { load, put: () => Promise.reject(new Error("full")), remove: () => {} };
  const { ingest } = world({ onTrouble, storage }, new TypeError("offline"), taken);
  ingest.track(event(1));
  await vi.waitFor(() => expect(ingest.waiting).toBe(0));
  // What the storage holds, what it doesn't take, and the request.
  expect(complained.mock.calls).toEqual(Array(3).fill(["tidemark:", new Error("told")]));
});

/** Never answers. */
const silent = () => new Promise<Response>(() => {});

test("a flush ends with its time, whatever is on its way", async () => {
  const { ingest } = world({}, silent);
  ingest.track(event(1));
  expect(await ingest.flush({ timeoutMs: 30 })).toEqual({ settled: 0, waiting: 1 });
  const loading = world({ storage: { load: silent as never, put: () => {}, remove: () => {} } }, silent);
  expect(await loading.ingest.flush({ timeoutMs: 30 })).toEqual({ settled: 0, waiting: 0 });
});

test("a flush ends with its time while it asks for the commit", async () => {
  const { ingest, fetch } = world({}, taken, silent);
  ingest.track(event(1));
  await ingest.flush();
  const report = await ingest.flush({ committed: true, timeoutMs: 30 });
  expect(report).toEqual({ settled: 0, waiting: 0, committed: false });
  expect(fetch.asked).toHaveLength(2);
});

test("closing ends what is on its way, and tells of each event once", async () => {
  const onTrouble = vi.fn();
  const refused = later(60, () => problem(400, "malformed_json"));
  const { ingest, fetch, undelivered } = world({ onTrouble, batch: { events: 1 } }, refused);
  for (let n = 0; n < 2; n += 1) ingest.track(event(n));
  expect(await ingest.close({ timeoutMs: 30 })).toEqual({ settled: 0, waiting: 2 });
  expect(fetch.asked[0]?.signal.aborted).toBe(true);
  expect(undelivered).toMatchObject([
    { reason: "closed", detail: "it was being sent, and may have arrived" },
    { reason: "closed", detail: "there was no time to send it" },
  ]);
  await pause(60);
  expect(undelivered).toHaveLength(2);
  expect(fetch.asked).toHaveLength(1);
  expect(onTrouble).not.toHaveBeenCalled();
  expect(await ingest.flush()).toEqual({ settled: 0, waiting: 0 });
});

test("what a closed client keeps in its storage is not sent by it", async () => {
  const storage = { load: () => [], put: () => {}, remove: () => {} };
  const { ingest, fetch } = world({ storage, onTrouble: () => {} }, new TypeError("offline"));
  ingest.track(event(1));
  await ingest.close({ timeoutMs: 30 });
  const { length } = fetch.asked;
  expect(await ingest.flush({ timeoutMs: 30 })).toMatchObject({ settled: 0, waiting: 1 });
  expect(fetch.asked).toHaveLength(length);
});

test("events that break the rules are told with their reasons, the others are delivered", async () => {
  const reason = { pointer: "/country", code: "invalid_format", detail: "two letters" };
  const partly = json({ accepted: 2, rejected: 1, errors: [{ index: 1, ...reason }], errors_total: 1 }, 202);
  const { ingest, undelivered } = world({}, partly);
  for (let n = 0; n < 3; n += 1) ingest.track(event(n));
  expect(await ingest.flush()).toEqual({ settled: 3, waiting: 0 });
  expect(undelivered).toMatchObject([
    { reason: "rejected", event: { user_id: "user 1" }, violations: [reason], detail: "/country: two letters" },
  ]);
});

test("where more reasons exist than are told, the rest is sent again", async () => {
  const errors = [{ index: 0, pointer: "", code: "c", detail: "d" }];
  const refused = problem(422, "all_events_refused", { accepted: 0, rejected: 3, errors, errors_total: 3 });
  const { ingest, fetch, undelivered } = world({}, refused, taken);
  for (let n = 0; n < 3; n += 1) ingest.track(event(n));
  await ingest.flush();
  expect(undelivered.map(({ event }) => event.user_id)).toEqual(["user 0"]);
  expect(events(fetch.asked[1]).map((event) => event.user_id)).toEqual(["user 1", "user 2"]);
});

test("a body that is too large is halved; an event that is, is told", async () => {
  const fits = (asked: Asked) =>
    events(asked).some((event) => event.user_id === "user 2") ? problem(413, "body_too_large") : taken(asked);
  const { ingest, undelivered } = world({}, fits);
  for (let n = 0; n < 4; n += 1) ingest.track(event(n));
  expect((await ingest.flush()).waiting).toBe(0);
  expect(undelivered).toMatchObject([{ reason: "too_large", event: { user_id: "user 2" } }]);
});

test("a full queue and a closed client give events back", async () => {
  const { ingest, undelivered } = world({ queue: { events: 1 } }, new TypeError("offline"));
  for (let n = 0; n < 2; n += 1) ingest.track(event(n));
  expect(undelivered).toMatchObject([{ reason: "queue_full", event: { user_id: "user 1" } }]);
  await ingest.close({ timeoutMs: 0 });
  ingest.track(event(2));
  expect(undelivered.slice(1)).toMatchObject([
    { reason: "closed", event: { user_id: "user 0" } },
    { reason: "closed", event: { user_id: "user 2" } },
  ]);
});

test("without a callback the console is told", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const fetch = replies(problem(400, "malformed_json"));
  const { ingest } = new Tidemark({ url: "", ingestionUrl: "http://in.test", fetch });
  ingest.track(event(1));
  await ingest.flush();
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("(refused): because of malformed_json"));
});

test("a storage keeps what waits for the next client", async () => {
  const kept = new Map<string, string>([["broken", "{"]]);
  const storage = {
    load: async () => kept.entries(),
    put: (id: string, json: string) => void kept.set(id, json),
    remove: (id: string) => void kept.delete(id),
  };
  const offline = world({ storage, onTrouble: () => {} }, new TypeError("offline"));
  const id = offline.ingest.track(event(1));
  await offline.ingest.close({ timeoutMs: 50 });
  expect([...kept.keys()]).toEqual([id]);
  expect(offline.undelivered).toEqual([]);

  const online = world({ storage }, taken);
  await vi.waitFor(() => expect(online.fetch.asked).toHaveLength(1));
  expect(events(online.fetch.asked[0])).toMatchObject([{ event_id: id, user_id: "user 1" }]);
  await vi.waitFor(() => expect(kept.size).toBe(0));
});

test("what the storage holds beyond the queue is sent after it", async () => {
  const kept = new Map([1, 2, 3, 4, 5].map((n) => [`id${n}`, JSON.stringify(event(n))]));
  const storage = {
    load: () => kept.entries(),
    put: () => {},
    remove: (id: string) => void kept.delete(id),
  };
  const { fetch } = world({ storage, queue: { events: 2 } }, taken);
  await vi.waitFor(() => expect(kept.size).toBe(0));
  expect(fetch.asked.map((asked) => events(asked).length)).toEqual([2, 2, 1]);
});

test("a leaving page sends what it may and gives the rest back", async () => {
  const page = new EventTarget();
  const beacons: [string, Blob][] = [];
  vi.stubGlobal("window", page);
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  vi.stubGlobal("navigator", { sendBeacon: (url: string, blob: Blob) => beacons.push([url, blob]) > 0 });
  const { ingest, undelivered } = world({ lingerMs: 60_000 }, taken);
  const large = { ...event(0), properties: { text: "x".repeat(25_000) } };
  const ids = [1, 2, 3].map(() => ingest.track(large));
  page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
  const [url, blob] = beacons[0] ?? [];
  expect(url).toBe("http://in.test/api/v1/events");
  expect(blob?.type).toBe("text/plain;charset=utf-8");
  expect(blob?.size).toBeLessThanOrEqual(65_536);
  const sent = (await blob?.text())?.trimEnd().split("\n").map((line) => (JSON.parse(line) as NewEvent).event_id);
  expect(sent).toEqual(ids.slice(0, 2));
  expect(undelivered).toMatchObject([{ reason: "page_closed", event: { event_id: ids[2] } }]);
});

/** Takes everything, and knows of commits from the second request for one on. */
function committing(): (asked: Asked) => Response {
  let requests = 0;
  return (asked) => {
    const waits = asked.url.endsWith("?wait=committed");
    requests += waits ? 1 : 0;
    return json({ accepted: events(asked).length, rejected: 0, ...(waits && { committed: requests > 1 }) });
  };
}

test("a flush sends the last event again whose commit isn't known", async () => {
  const { ingest, fetch } = world({}, committing());
  const ids = [1, 2].map((n) => ingest.track(event(n)));
  await vi.waitFor(() => expect(ingest.waiting).toBe(0));
  expect(await ingest.flush()).toEqual({ settled: 0, waiting: 0 });
  expect(await ingest.flush({ committed: true })).toEqual({ settled: 0, waiting: 0, committed: false });
  expect(await ingest.flush({ committed: true })).toEqual({ settled: 0, waiting: 0, committed: true });
  expect(await ingest.flush({ committed: true })).toEqual({ settled: 0, waiting: 0, committed: true });
  expect(fetch.asked.map(events).map((sent) => sent.map((it) => it.event_id))).toEqual([ids, [ids[1]], [ids[1]]]);
});
