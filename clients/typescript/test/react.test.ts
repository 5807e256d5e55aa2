// @vitest-environment happy-dom
import { act, createElement, StrictMode, type ReactElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Tidemark, type Socket } from "../src/index.js";
import {
  TidemarkProvider,
  useLive,
  useLiveState,
  useMetric,
  type LiveResult,
  type MetricOptions,
  type MetricResult,
} from "../src/react/index.js";
import { json, problem } from "./fetch.js";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let root: Root;

beforeEach(() => {
  root = createRoot(document.createElement("div"));
});

afterEach(() => act(() => root.unmount()));

/** Requests that are answered by hand. */
class Api {
  readonly asked: { url: string; signal: AbortSignal; reply: (response: Response) => void }[] = [];
  readonly tidemark = new Tidemark({
    url: "http://api.test",
    retry: { attempts: 1 },
    fetch: (url, init) =>
      new Promise((resolve, reject) => {
        const signal = init.signal as AbortSignal;
        signal.addEventListener("abort", () => reject(signal.reason));
        this.asked.push({ url, signal, reply: resolve });
      }),
  });
}

/** Lets React work until it holds. */
async function holds(check: () => void): Promise<void> {
  for (let left = 1_000; ; left -= 1) {
    await act(() => new Promise((done) => setTimeout(done, 1)));
    try {
      return check();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

const show = (client: Tidemark, element: ReactElement) =>
  act(async () => root.render(createElement(TidemarkProvider, { client }, element)));

const answer = (events: number) => json({ data: { events }, meta: { watermark: null } });

function metric(api: Api) {
  let result!: MetricResult<{ events: number }>;
  function Shown(props: { from: string | null; options?: MetricOptions }) {
    const params = props.from === null ? null : { from: props.from, metrics: ["events" as const] };
    result = useMetric("summary", params, props.options);
    return null;
  }
  const render = (from: string | null, options: MetricOptions = {}) =>
    show(api.tidemark, createElement(Shown, { from, options }));
  const shows = (expected: object) => holds(() => expect(result).toMatchObject(expected));
  return { render, result: () => result, shows };
}

test("a metric loads, and the data of before stays until there is new", async () => {
  const api = new Api();
  const { render, result, shows } = metric(api);
  await render("now-1h");
  expect(result()).toMatchObject({ data: undefined, loading: true, fetching: true, stale: false });
  api.asked[0]?.reply(answer(1));
  await shows({ data: { events: 1 }, loading: false, fetching: false, stale: false });
  await render("now-1h");
  expect(api.asked).toHaveLength(1);

  await render("now-2h");
  expect(result()).toMatchObject({ data: { events: 1 }, loading: false, fetching: true, stale: true });
  api.asked[1]?.reply(answer(2));
  await shows({ data: { events: 2 }, fetching: false, stale: false });
});

test("a question that nobody waits for is aborted", async () => {
  const api = new Api();
  const { render, result, shows } = metric(api);
  await render("now-1h");
  await render("now-2h", { keepPrevious: false });
  expect(api.asked.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  api.asked[1]?.reply(answer(2));
  await shows({ data: { events: 2 } });
  await render("now-3h", { keepPrevious: false });
  expect(result()).toMatchObject({ data: undefined, loading: true });
  await render(null);
  expect(result()).toMatchObject({ data: undefined, loading: false, fetching: false });
});

test("a failure is shown beside the data of before, and asked again", async () => {
  const api = new Api();
  const { render, shows } = metric(api);
  await render("now-1h", { refetchInterval: 10 });
  api.asked[0]?.reply(answer(1));
  await holds(() => expect(api.asked).toHaveLength(2));
  api.asked[1]?.reply(problem(503, "database_unavailable"));
  await shows({ data: { events: 1 }, error: { code: "database_unavailable" }, stale: true });
  await holds(() => expect(api.asked).toHaveLength(3));
  api.asked[2]?.reply(answer(3));
  await shows({ data: { events: 3 }, error: undefined, stale: false });
});

test("the data of before is not shown for a question that failed", async () => {
  const api = new Api();
  const { render, shows } = metric(api);
  await render("now-1h");
  api.asked[0]?.reply(answer(1));
  await shows({ data: { events: 1 } });
  await render("now-2h");
  api.asked[1]?.reply(problem(503, "database_unavailable"));
  const failed = { data: undefined, meta: undefined, loading: false, stale: false };
  await shows({ ...failed, error: { code: "database_unavailable" } });
});

test("whatever is thrown is an error of ours", async () => {
  const api = new Api();
  vi.spyOn(api.tidemark.query, "summary").mockRejectedValue(new TypeError("odd"));
  const { render, shows } = metric(api);
  await render("now-1h");
  await shows({ error: { name: "TidemarkError", status: 0, code: "unexpected", detail: "TypeError: odd" } });
});

class FakeSocket implements Socket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: { type: string; id: string }[] = [];

  constructor() {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {}
}

test("a live topic is held while the component is there", async () => {
  FakeSocket.all = [];
  const client = new Tidemark({ url: "http://api.test", WebSocket: FakeSocket });
  let result!: LiveResult<"realtime">;
  let state!: string;
  function Shown() {
    result = useLive("realtime", {});
    state = useLiveState().name;
    return null;
  }
  // Which mounts everything twice.
  await show(client, createElement(StrictMode, null, createElement(Shown)));
  expect(FakeSocket.all).toHaveLength(1);
  const [socket] = FakeSocket.all as [FakeSocket];
  expect(result).toMatchObject({ data: undefined, status: "pending" });
  await act(() => socket.onopen?.());
  expect(state).toBe("open");
  const snapshot = { events_per_second: 5 };
  const id = socket.sent.at(-1)?.id;
  const subscribed = { type: "subscribed", id, topic: "realtime", position: "1", snapshot };
  await act(() => socket.onmessage?.({ data: JSON.stringify(subscribed) }));
  expect(result).toMatchObject({ data: snapshot, status: "live", stale: false });
  await act(() => socket.onclose?.({ code: 1006, reason: "" }));
  expect(result).toMatchObject({ data: snapshot, status: "stale", stale: true });
  expect(state).toBe("waiting");
  await act(() => client.live.close());
});
