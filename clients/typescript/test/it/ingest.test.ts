// The queue of events, against the three daemons as they run.

import { expect, test, vi } from "vitest";
import type { NewEvent, Undelivered } from "../../src/index.js";
import { send, startWorld, visits } from "./support.js";

const world = startWorld();

test("events that were sent twice are counted once", async () => {
  let lost = 0;
  const tidemark = world.client({
    // The collector takes the first request; its answer gets lost.
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (!url.includes("/events") || lost > 0) return response;
      lost += 1;
      throw new TypeError("the connection broke");
    },
  });
  await send(tidemark, visits("/twice", 10));
  expect(lost).toBe(1);
  const { data } = await tidemark.query.summary({ from: "now-1h", filter: "page:/twice" });
  expect(data.events).toBe(10);
});

test("what the collector refuses comes back with the reason", async () => {
  const undelivered: Undelivered[] = [];
  const tidemark = world.client({ ingest: { onUndelivered: (it) => void undelivered.push(it) } });
  const [good, bad] = visits("/refused", 2) as [NewEvent, NewEvent];
  tidemark.ingest.track(good);
  tidemark.ingest.track({ ...bad, country: "germany" });
  expect(await tidemark.ingest.flush()).toEqual({ settled: 2, waiting: 0 });
  expect(undelivered).toMatchObject([
    { reason: "rejected", violations: [{ pointer: "/country", code: "invalid_format" }] },
  ]);
});

test("the collector takes what a leaving page sends, and counts it once", async () => {
  const page = new EventTarget();
  const sent: Promise<Response>[] = [];
  const sendBeacon = (url: string, body: Blob) => sent.push(fetch(url, { method: "POST", body })) > 0;
  vi.stubGlobal("window", page);
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("navigator", { sendBeacon });
  const tidemark = world.client({ ingest: { lingerMs: 60_000 } });
  for (const event of visits("/left", 3)) tidemark.ingest.track(event);
  page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
  vi.unstubAllGlobals();
  expect((await Promise.all(sent)).map((response) => response.status)).toEqual([202]);
  // The browser brings the page back.
  expect(await tidemark.ingest.flush({ committed: true })).toMatchObject({ settled: 3, committed: true });
  const { data } = await tidemark.query.summary({ from: "now-1h", filter: "page:/left" });
  expect(data.events).toBe(3);
});

test("a queue waits while ingestion is down", async () => {
  const tidemark = world.client({ ingest: { lingerMs: 1, onTrouble: () => {} } });
  await world.daemons.ingestion.stop();
  for (const event of visits("/offline", 4)) tidemark.ingest.track(event);
  const offline = await tidemark.ingest.flush({ timeoutMs: 200 });
  expect(offline).toMatchObject({ settled: 0, waiting: 4, error: { code: "unreachable" } });
  await world.daemons.ingestion.start();
  expect(await tidemark.ingest.flush({ committed: true })).toMatchObject({ waiting: 0, committed: true });
  const { data } = await tidemark.query.summary({ from: "now-1h", filter: "page:/offline" });
  expect(data.events).toBe(4);
});

test("a flush learns of the commit of what left by itself", async () => {
  const tidemark = world.client({ ingest: { lingerMs: 1 } });
  for (const event of visits("/left-by-itself", 4)) tidemark.ingest.track(event);
  await vi.waitFor(() => expect(tidemark.ingest.waiting).toBe(0), { timeout: 5_000 });
  expect(await tidemark.ingest.flush({ committed: true })).toEqual({ settled: 0, waiting: 0, committed: true });
  const { data } = await tidemark.query.summary({ from: "now-1h", filter: "page:/left-by-itself" });
  expect(data.events).toBe(4);
});
