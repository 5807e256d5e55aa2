import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Live, waitBefore, type LiveState, type Socket } from "../src/live";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closedWith: number | undefined;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  lastId(): unknown {
    return this.sent.at(-1)?.id;
  }
}

function page() {
  const sockets: FakeSocket[] = [];
  const states: LiveState[] = [];
  const seen: string[] = [];
  const live = new Live({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    state: (state) => states.push(state),
    random: () => 1,
  });
  live.on("pipeline", {
    params: { a: 1 },
    snapshot: () => seen.push("snapshot"),
    next: () => seen.push("next"),
    failed: (why) => seen.push(why),
  });
  live.start();
  const socket = () => sockets.at(-1)!;
  return { live, sockets, states, seen, socket };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("waits double up to a ceiling and are spread over its upper half", () => {
  expect(waitBefore(0, 0)).toBe(250);
  expect(waitBefore(0, 1)).toBe(500);
  expect(waitBefore(3, 1)).toBe(4_000);
  expect(waitBefore(50, 0)).toBe(7_500);
  expect(waitBefore(50, 1)).toBe(15_000);
});

test("an open socket subscribes and hands on what belongs to its subscriptions", () => {
  const { socket, seen, states } = page();
  socket().onopen?.();
  expect(socket().sent).toEqual([
    { type: "subscribe", id: "pipeline-1", topic: "pipeline", params: { a: 1 } },
  ]);
  socket().say({ type: "subscribed", id: "pipeline-1", topic: "pipeline", snapshot: {} });
  socket().say({ type: "next", id: "pipeline-1", data: {} });
  socket().say({ type: "next", id: "of-somebody-else", data: {} });
  socket().say({ type: "a later version's", id: "pipeline-1" });
  socket().onmessage?.({ data: "not JSON" });
  expect(seen).toEqual(["snapshot", "next"]);
  expect(states.map((it) => it.name)).toEqual(["connecting", "open"]);
});

test("a lost connection comes back and subscribes under a new id", () => {
  const { sockets, socket, states } = page();
  socket().onopen?.();
  socket().onclose?.({ code: 1001, reason: "" });
  expect(states.at(-1)).toMatchObject({ name: "waiting", attempt: 1, why: "the api is stopping" });
  vi.advanceTimersByTime(999);
  expect(sockets).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(sockets).toHaveLength(2);
  socket().onopen?.();
  expect(socket().lastId()).toBe("pipeline-2");
});

test("waits grow while connections are short and start anew after a long one", () => {
  const { socket, states } = page();
  const lose = () => socket().onclose?.({ code: 1006, reason: "" });
  const waits: number[] = [];
  for (const lasted of [0, 0, 11_000]) {
    socket().onopen?.();
    vi.advanceTimersByTime(lasted);
    lose();
    const state = states.at(-1)!;
    const wait = state.name === "waiting" ? state.ms : 0;
    waits.push(wait);
    vi.advanceTimersByTime(wait);
  }
  expect(waits).toEqual([1_000, 2_000, 500]);
});

test("silence is a loss, a heartbeat is not silence", () => {
  const { sockets, socket, states } = page();
  const first = socket();
  first.onopen?.();
  vi.advanceTimersByTime(8_000);
  first.say({ type: "heartbeat", watermark: null, at: "" });
  vi.advanceTimersByTime(8_000);
  expect(states.at(-1)?.name).toBe("open");
  vi.advanceTimersByTime(4_000);
  expect(states.at(-1)?.name).toBe("waiting");
  expect(first.closedWith).toBe(4000);
  vi.advanceTimersByTime(1_000);
  expect(sockets).toHaveLength(2);
  // What the old socket still says, and its belated close, change nothing.
  const count = states.length;
  first.onclose?.({ code: 1006, reason: "" });
  first.say({ type: "next", id: "pipeline-1", data: {} });
  expect(states).toHaveLength(count);
});

test("a refused subscription is told and asked for again", () => {
  const { socket, seen } = page();
  socket().onopen?.();
  socket().say({ type: "error", id: "pipeline-1", code: "unavailable", detail: "the database is away" });
  expect(seen).toEqual(["the database is away"]);
  vi.advanceTimersByTime(3_000);
  expect(socket().lastId()).toBe("pipeline-2");
  socket().say({ type: "subscribed", id: "pipeline-2", topic: "pipeline", snapshot: {} });
  expect(seen.at(-1)).toBe("snapshot");
});

test("hurrying matters only between two connections", () => {
  const { live, sockets, socket } = page();
  live.hurry();
  expect(sockets).toHaveLength(1);
  socket().onclose?.({ code: 1006, reason: "" });
  live.hurry();
  expect(sockets).toHaveLength(2);
  vi.advanceTimersByTime(5_000);
  expect(sockets).toHaveLength(2);
});
