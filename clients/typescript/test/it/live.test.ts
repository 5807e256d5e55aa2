// Watching the three daemons as they run, over a socket and by server-sent events.

import { describe, expect, test, vi } from "vitest";
import {
  is,
  type Change,
  type Held,
  type LiveState,
  type TidemarkError,
  type TidemarkOptions,
} from "../../src/index.js";
import { send, startWorld, visits } from "./support.js";

const world = startWorld();
const within = { timeout: 5_000, interval: 20 };
const transports: [string, Partial<TidemarkOptions>][] = [
  ["a WebSocket", {}],
  ["server-sent events", { WebSocket: null }],
];

describe.each(transports)("over %s", (name, options) => {
  const client = () => world.client({ live: { backoff: { firstMs: 50, mostMs: 200 } }, ...options });

  test("what is held equals what is answered, over a restart of the api", async () => {
    const tidemark = client();
    const page = `/restart/${name}`;
    let held: Held["metrics"] | undefined;
    const changes: (Change<"metrics"> | null)[] = [];
    const states: LiveState["name"][] = [];
    tidemark.live.onState((state) => states.push(state.name));
    tidemark.live.subscribe("metrics", { minutes: 30, filter: is("page", page) }, (now, change) => {
      held = now;
      changes.push(change);
    });
    const events = () => held?.minutes.reduce((sum, minute) => sum + minute.events, 0);
    await vi.waitFor(() => expect(events()).toBe(0), within);
    expect(held?.minutes).toHaveLength(30);
    await send(tidemark, visits(page, 6));
    await vi.waitFor(() => expect(events()).toBe(6), within);

    await world.daemons.api.stop();
    await vi.waitFor(() => expect(states).toContain("waiting"), within);
    await send(tidemark, visits(page, 3));
    await world.daemons.api.start();
    await vi.waitFor(() => expect(events()).toBe(9), within);
    expect(tidemark.live.state.name).toBe("open");
    // It went on where it was.
    expect(changes.map((change) => change?.snapshot)).toEqual([true, ...changes.slice(1).map(() => false)]);

    const last = held as Held["metrics"] | undefined;
    const { from, to } = last as Held["metrics"];
    const asked = { from, to, filter: is("page", page) };
    const { data } = await tidemark.query.timeseries({ ...asked, interval: "1m" });
    const known = last?.minutes.map(({ bucket, ...values }) => [Date.parse(bucket), values]);
    const answered = data.map(({ bucket, events, users, sessions, value }) => [
      Date.parse(bucket),
      { events, users, sessions, value },
    ]);
    expect(known).toEqual(answered);
    const { data: summary } = await tidemark.query.summary({ ...asked, metrics: ["events", "users", "sessions", "value"] });
    expect(last?.totals).toEqual(summary);
  });

  test("every topic has its state", async () => {
    const tidemark = client();
    const page = `/topics/${name}`;
    const held: Partial<Held> = {};
    tidemark.live.subscribe("breakdown", { dimension: "page", limit: 100 }, (now) => (held.breakdown = now));
    tidemark.live.subscribe("realtime", {}, (now) => (held.realtime = now));
    tidemark.live.subscribe("pipeline", {}, (now) => (held.pipeline = now));
    tidemark.live.subscribe("events", { filter: is("page", page), rate: 100 }, (now) => (held.events = now));
    await vi.waitFor(() => expect(Object.keys(held)).toHaveLength(4), within);
    const before = held.realtime?.last_30_minutes.events ?? 0;
    const stored = held.pipeline?.totals?.stored ?? 0;
    await send(tidemark, visits(page, 8));
    await vi.waitFor(() => {
      expect(held.breakdown?.rows.find((row) => row.key === page)).toMatchObject({ events: 8, users: 3 });
      expect(held.realtime?.last_30_minutes.events).toBe(before + 8);
      expect(held.pipeline?.totals?.stored).toBe(stored + 8);
      expect(held.events?.events).toHaveLength(8);
    }, within);
    const { data } = await tidemark.query.events({ from: "now-1h", filter: is("page", page) });
    const ids = held.events?.events.map((event) => event.event_id);
    expect(ids?.toSorted()).toEqual(data.map((event) => event.event_id).toSorted());
    expect(held.breakdown?.total_events).toBe(held.realtime?.last_30_minutes.events);
  });

  test("a refusal says what is wrong, and the others go on", async () => {
    const tidemark = client();
    const refused = await new Promise<TidemarkError>((error) => {
      tidemark.live.subscribe("metrics", { minutes: 9_999 }, { next: () => {}, error });
    });
    expect(refused.code).toBe("invalid_parameter");
    await new Promise((next) => tidemark.live.subscribe("realtime", {}, next));
    expect(tidemark.live.state.name).toBe("open");
  });
});
