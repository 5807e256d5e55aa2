import { afterEach, expect, test, vi } from "vitest";
import { Tidemark, type Socket } from "../src/index.js";
import { json, replies } from "./fetch.js";

const key = "tmk_0123456789ab_secret";
const urls = { url: "http://api.test", ingestionUrl: "http://in.test" };

afterEach(() => vi.unstubAllGlobals());

class Recorder implements Socket {
  static opened: unknown[][] = [];
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  constructor(...given: unknown[]) {
    Recorder.opened.push(given);
  }
  send(): void {}
  close(): void {}
}

test("a key goes with questions, events and the socket", async () => {
  const fetch = replies(json({ data: [], meta: {}, accepted: 1 }));
  const tidemark = new Tidemark({ ...urls, key, fetch, WebSocket: Recorder });
  await tidemark.query.metadata();
  await tidemark.query.run({ metrics: ["events"] });
  tidemark.ingest.track({ event_type: "click", user_id: "u" });
  await tidemark.ingest.flush();
  expect(fetch.asked).toHaveLength(3);
  for (const { headers } of fetch.asked) expect(headers.get("Authorization")).toBe(`Bearer ${key}`);
  expect(fetch.asked[1]?.headers.get("Content-Type")).toBe("application/json");
  tidemark.live.subscribe("realtime", {}, () => {});
  expect(Recorder.opened).toEqual([["ws://api.test/ws", { headers: { Authorization: `Bearer ${key}` } }]]);
  await tidemark.close();
});

test("without a key nothing is shown", async () => {
  Recorder.opened = [];
  const fetch = replies(json({ data: [], meta: {} }));
  const tidemark = new Tidemark({ ...urls, fetch, WebSocket: Recorder });
  await tidemark.query.metadata();
  tidemark.live.subscribe("realtime", {}, () => {});
  expect(fetch.asked[0]?.headers.has("Authorization")).toBe(false);
  expect(Recorder.opened).toEqual([["ws://api.test/ws"]]);
  await tidemark.close();
});

test("in a browser, whose sockets have no headers, a key goes with event streams and the last request", async () => {
  const page = new EventTarget();
  vi.stubGlobal("window", page);
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  Recorder.opened = [];
  const fetch = replies(new Response(new ReadableStream()));
  const ingest = { lingerMs: 60_000, onUndelivered: () => {} };
  const tidemark = new Tidemark({ ...urls, key, fetch, WebSocket: Recorder, ingest });
  tidemark.live.subscribe("realtime", {}, () => {});
  await vi.waitFor(() => expect(fetch.asked.map(({ url }) => url)).toHaveLength(2));
  tidemark.ingest.track({ event_type: "click", user_id: "u" });
  page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
  await vi.waitFor(() => expect(fetch.asked.at(-1)?.url).toBe("http://in.test/api/v1/events"));
  expect(Recorder.opened).toEqual([]);
  for (const { headers } of fetch.asked) expect(headers.get("Authorization")).toBe(`Bearer ${key}`);
  tidemark.live.close();
});
