import { expect, test, vi } from "vitest";
import { Tidemark, type Subscription } from "../src/index.js";
import { Blocks } from "../src/live/events.js";
import { problem, replies, type Asked } from "./fetch.js";

test("events are put together however the stream is cut", () => {
  const stream = ': hello\n\nevent: next\nid: 1\ndata: {"a":\ndata: 1}\n\ndata:{"b":2}\n\ndata: {"c"';
  for (let size = 1; size <= stream.length; size += 1) {
    const blocks = new Blocks();
    const chunks = stream.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    expect(chunks.flatMap((chunk) => blocks.take(chunk))).toEqual([{ a: 1 }, { b: 2 }]);
  }
});

/** Answers `/api/v1/live` with these messages, and then says nothing more until it is ended. */
function stream(...messages: object[]): (asked: Asked) => Response {
  return () => {
    const text = messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join("");
    const body = new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode(text)) });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };
}

const snapshot = { events_per_second: 1 };

test("without a WebSocket there is a request for each subscription", async () => {
  const fetch = replies(
    new Response("{}"),
    stream(
      { type: "subscribed", topic: "realtime", position: "p1", snapshot },
      { type: "next", position: "p2", data: { events_per_second: 2 } },
    ),
  );
  const { live } = new Tidemark({ url: "http://api.test", fetch, WebSocket: null });
  let subscription!: Subscription<"realtime">;
  const rates = await new Promise<number[]>((done) => {
    const seen: number[] = [];
    subscription = live.subscribe("realtime", {}, ({ events_per_second }) => {
      if (seen.push(events_per_second) === 2) done(seen);
    });
  });
  expect(rates).toEqual([1, 2]);
  expect(subscription.position).toBe("p2");
  expect(fetch.asked[1]?.url).toBe("http://api.test/api/v1/live?topic=realtime&params=%7B%7D");
  live.close();
});

test("a refusal is the subscription's, and a stream that ends is asked again where it was", async () => {
  const ended = () => new Response('data: {"type":"subscribed","position":"p1","snapshot":{}}\n\n');
  const fetch = replies(new Response("{}"), ended, new Response("{}"), problem(422, "invalid_parameter"));
  const { live } = new Tidemark({
    url: "http://api.test",
    fetch,
    WebSocket: null,
    live: { backoff: { firstMs: 1, mostMs: 1 } },
  });
  const status = vi.fn();
  const error = await new Promise((error) => {
    live.subscribe("realtime", {}, { next: () => {}, status, error });
  });
  expect(error).toMatchObject({ code: "invalid_parameter" });
  expect(status.mock.calls).toEqual([["live"], ["stale"], ["failed"]]);
  expect(fetch.asked[3]?.headers.get("Last-Event-ID")).toBe("p1");
  live.close();
});
