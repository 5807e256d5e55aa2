import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Tidemark, type LiveState, type Socket, type TidemarkError } from "../src/index.js";

class FakeSocket implements Socket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closedWith: number | undefined;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code = 1005): void {
    this.closedWith = code;
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const newest = () => FakeSocket.all.at(-1) as FakeSocket;
const pipeline = (backlog: number) => ({ backlog: { events: backlog } });

let tidemark: Tidemark;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  FakeSocket.all = [];
  tidemark = new Tidemark({ url: "https://api.test/", WebSocket: FakeSocket });
});

afterEach(() => {
  tidemark.live.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function watch() {
  const seen: unknown[] = [];
  const status: string[] = [];
  const errors: TidemarkError[] = [];
  const subscription = tidemark.live.subscribe("pipeline", {}, {
    next: (held) => void seen.push(held),
    status: (name) => void status.push(name),
    error: (error) => void errors.push(error),
  });
  return { seen, status, errors, subscription };
}

test("one socket carries all subscriptions, and the same one is asked for once", () => {
  watch();
  watch();
  tidemark.live.subscribe("events", { rate: 5 }, () => {});
  expect(FakeSocket.all).toHaveLength(1);
  expect(newest().url).toBe("wss://api.test/ws");
  newest().onopen?.();
  expect(newest().sent).toEqual([
    { type: "subscribe", id: "pipeline-1", topic: "pipeline", params: {} },
    { type: "subscribe", id: "events-2", topic: "events", params: { rate: 5 } },
  ]);
});

test("who joins gets what is held at once", async () => {
  watch();
  newest().onopen?.();
  newest().says({ type: "subscribed", id: "pipeline-1", topic: "pipeline", position: "1", snapshot: pipeline(7) });
  const { seen } = watch();
  await Promise.resolve();
  expect(seen).toEqual([pipeline(7)]);
  expect(newest().sent).toHaveLength(1);
});

test("a broken socket comes back and asks for what was missed", () => {
  const { seen, status } = watch();
  newest().onopen?.();
  newest().says({ type: "subscribed", id: "pipeline-1", topic: "pipeline", position: "p1", snapshot: pipeline(1) });
  newest().says({ type: "next", id: "pipeline-1", position: "p2", data: pipeline(2) });
  newest().onclose?.({ code: 1001, reason: "" });
  expect(tidemark.live.state).toMatchObject({ name: "waiting", why: "the api is stopping" });
  vi.advanceTimersByTime(250);
  expect(FakeSocket.all).toHaveLength(2);
  newest().onopen?.();
  expect(newest().sent).toMatchObject([{ id: "pipeline-1", position: "p2" }]);
  newest().says({ type: "subscribed", id: "pipeline-1", topic: "pipeline", position: "p2", recovered: true });
  newest().says({ type: "next", id: "pipeline-1", position: "p3", data: pipeline(3) });
  expect(seen).toEqual([pipeline(1), pipeline(2), pipeline(3)]);
  expect(status).toEqual(["live", "stale", "live"]);
});

test("waits double while nothing opens, and hurry ends one", () => {
  const states: LiveState[] = [];
  tidemark.live.onState((state) => states.push(state));
  watch();
  for (const [attempt, wait] of [250, 500, 1_000].entries()) {
    newest().onclose?.({ code: 1006, reason: "" });
    vi.advanceTimersByTime(wait - 1);
    expect(FakeSocket.all).toHaveLength(attempt + 1);
    vi.advanceTimersByTime(1);
  }
  newest().onclose?.({ code: 1006, reason: "" });
  tidemark.live.hurry();
  expect(FakeSocket.all).toHaveLength(5);
  const waits = states.filter((state) => state.name === "waiting").map((state) => state.attempt);
  expect(waits).toEqual([1, 2, 3, 4]);
});

test("a silent peer is given up", () => {
  watch();
  const silent = newest();
  silent.onopen?.();
  vi.advanceTimersByTime(11_000);
  silent.says({ type: "heartbeat", watermark: "w", at: "t" });
  expect(tidemark.live.heartbeat).toEqual({ watermark: "w", at: "t" });
  vi.advanceTimersByTime(11_000);
  expect(silent.closedWith).toBeUndefined();
  vi.advanceTimersByTime(1_000);
  expect(silent.closedWith).toBe(4000);
  expect(tidemark.live.state.name).toBe("waiting");
  silent.says({ type: "heartbeat", watermark: "late", at: "t" });
  expect(tidemark.live.heartbeat?.watermark).toBe("w");
});

test("a refusal for good ends the subscription, another one is asked again", () => {
  const { errors, status } = watch();
  newest().onopen?.();
  newest().says({ type: "error", id: "pipeline-1", code: "unavailable", detail: "d" });
  vi.advanceTimersByTime(2_500 + 1_500);
  expect(newest().sent).toHaveLength(2);
  newest().says({ type: "error", id: "pipeline-1", code: "invalid_parameter", detail: "d", parameter: "x" });
  vi.advanceTimersByTime(8_000);
  expect(newest().sent).toHaveLength(2);
  expect(status).toEqual(["failed"]);
  expect(errors.map((error) => [error.code, error.parameter])).toEqual([
    ["unavailable", undefined],
    ["invalid_parameter", "x"],
  ]);
});

test("the last one to leave ends the subscription, and a while later the socket", () => {
  const [a, b] = [watch(), watch()];
  newest().onopen?.();
  a.subscription.close();
  a.subscription.close();
  expect(newest().sent).toHaveLength(1);
  b.subscription.close();
  expect(newest().sent[1]).toEqual({ type: "unsubscribe", id: "pipeline-1" });
  vi.advanceTimersByTime(1_999);
  expect(tidemark.live.state.name).toBe("open");
  vi.advanceTimersByTime(1);
  expect(newest().closedWith).toBe(1000);
  expect(tidemark.live.state.name).toBe("idle");
});

test("a listener that throws stops neither its subscription nor the others", () => {
  const complained = vi.spyOn(console, "error").mockImplementation(() => {});
  const throws = () => {
    throw new Error("of the page");
  };
  tidemark.live.onState(throws);
  tidemark.live.onHeartbeat(throws);
  const thrower = tidemark.live.subscribe("pipeline", {}, { next: throws, status: throws, error: throws });
  const { seen, status } = watch();
  newest().onopen?.();
  newest().says({ type: "subscribed", id: "pipeline-1", topic: "pipeline", position: "1", snapshot: pipeline(1) });
  newest().says({ type: "heartbeat", watermark: "w", at: "t" });
  expect([thrower.status, status, seen]).toEqual(["live", ["live"], [pipeline(1)]]);
  // Connecting, open, what came, its status, the heartbeat.
  expect(complained).toHaveBeenCalledTimes(5);
});

test("what isn't a message is passed over", () => {
  const { seen } = watch();
  newest().onopen?.();
  newest().onmessage?.({ data: "{" });
  newest().onmessage?.({ data: new ArrayBuffer(1) });
  newest().says({ type: "next", id: "nobody", position: "1", data: {} });
  expect(seen).toEqual([]);
});
