// With keys asked for: a key opens what its scopes say, over every way that the client has.

import { expect, test } from "vitest";
import { TidemarkError, type Tidemark, type TidemarkOptions } from "../../src/index.js";
import { send, startWorld, visits } from "./support.js";

const world = startWorld("on");

async function client(scopes: string[], more: Partial<TidemarkOptions> = {}): Promise<Tidemark> {
  return world.client({ key: await world.daemons.key(...scopes), ...more });
}

test("a key asks, sends and watches", async () => {
  for (const sockets of [{}, { WebSocket: null }]) {
    const tidemark = await client(["read", "write"], sockets);
    await send(tidemark, visits("/keys", 5));
    const { data } = await tidemark.query.summary({ from: "now-1h" });
    expect(data.events).toBeGreaterThanOrEqual(5);
    const held = await new Promise<{ last_5_minutes: { events: number } }>((resolve, reject) => {
      tidemark.live.subscribe("realtime", {}, { next: resolve, error: reject });
    });
    expect(held.last_5_minutes.events).toBeGreaterThanOrEqual(5);
  }
});

test("without a key, and with one that lacks a scope, it is said what is needed", async () => {
  const refused = async (tidemark: Tidemark) => {
    const error = await tidemark.query.metadata().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TidemarkError);
    const { status, code, problem } = error as TidemarkError;
    return [status, code, (problem as { scope?: string }).scope];
  };
  expect(await refused(world.client())).toEqual([401, "key_required", "read"]);
  expect(await refused(await client(["write"]))).toEqual([403, "scope_required", "read"]);
});

test("events that aren't taken wait", async () => {
  const told: unknown[] = [];
  const ingest = { onTrouble: (error: unknown) => told.push(error) };
  const tidemark = await client(["read"], { ingest });
  tidemark.ingest.track({ event_type: "click", user_id: "u" });
  const report = await tidemark.ingest.flush({ timeoutMs: 2_000 });
  expect(report).toMatchObject({ settled: 0, waiting: 1, error: { status: 403 } });
  // Each try was refused; how many there were is chance.
  expect(told).not.toHaveLength(0);
  for (const error of told) expect(error).toMatchObject({ status: 403 });
  await tidemark.ingest.close({ timeoutMs: 0 });
});
