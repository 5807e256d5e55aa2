// Every kind of question, to the three daemons as they run.

import { afterAll, beforeAll, expect, test } from "vitest";
import { is, Tidemark, TidemarkError } from "../../src/index.js";
import { send, visits } from "./support.js";
import { World } from "./world.js";

let world: World;
let tidemark: Tidemark;

beforeAll(async () => {
  world = await World.start();
  const { url, ingestionUrl } = world;
  tidemark = new Tidemark({ url, ingestionUrl, ingest: { batch: { events: 7 } } });
});

afterAll(async () => {
  await tidemark?.close();
  await world?.stop();
});

test("what was sent is what is answered", async () => {
  await send(tidemark, visits("/answered", 20));
  const filter = is("page", "/answered");
  const metrics = ["events", "users", "sessions", "value"] as const;
  const { data, meta } = await tidemark.query.summary({ from: "now-1h", filter, metrics });
  expect(data).toEqual({ events: 20, users: 3, sessions: 5, value: "2" });
  expect(Date.parse(meta.watermark ?? "")).toBeGreaterThan(Date.now() - 60_000);
  const rows = await tidemark.query.timeseries({ from: "now-1h", interval: "1m", filter });
  expect(rows.data.reduce((sum, row) => sum + row.events, 0)).toBe(20);
  const pages = await tidemark.query.breakdown({ dimension: "page", from: "now-1h", filter });
  expect(pages.data).toMatchObject([{ key: "/answered", events: 20 }]);
});

test("series by field come in groups", async () => {
  await send(tidemark, visits("/grouped", 5));
  const filter = is("page", "/grouped");
  const { data } = await tidemark.query.timeseries({ from: "now-1h", interval: "1h", group_by: "country", filter, limit: 1 });
  const sums = data.map((group) => [group.key, group.rest, group.rows.reduce((sum, row) => sum + row.events, 0)]);
  expect(sums).toEqual([["DE", false, 3], [null, true, 2]]);
});

test("a refusal names the parameter", async () => {
  const refused = tidemark.query.summary({ from: "yesterday-ish" });
  await expect(refused).rejects.toBeInstanceOf(TidemarkError);
  await expect(refused).rejects.toMatchObject({ status: 422, parameter: "from" });
});
