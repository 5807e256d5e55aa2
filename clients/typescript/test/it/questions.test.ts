// Every kind of question, to the three daemons as they run.

import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { beforeEach, expect, test } from "vitest";
import { is, TidemarkError, type Tidemark } from "../../src/index.js";
import { send, startWorld, visits } from "./support.js";

const world = startWorld();
let tidemark: Tidemark;

beforeEach(() => {
  tidemark = world.client({ ingest: { batch: { events: 7 } } });
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

test("every question has its answer", async () => {
  const { query } = tidemark;
  const visit = visits("/asked", 3).map((event) => ({ ...event, properties: { plan: "free", depth: 2 } }));
  await send(tidemark, visit);
  const asked = { from: "now-1h", filter: is("page", "/asked") };

  const events: string[] = [];
  for await (const event of query.allEvents({ ...asked, limit: 2 })) {
    events.push(event.session_id ?? "");
    expect(event).toMatchObject({ page: "/asked", value: "0.1", properties: { plan: "free", depth: 2 } });
  }
  expect(events.sort()).toEqual(["/asked 0", "/asked 1", "/asked 2"]);

  const sessions = await query.sessions(asked);
  expect(sessions.data.map((session) => session.session_id).sort()).toEqual(events);
  const path = await query.session("/asked 1");
  expect(path.data.events.map((event) => event.user_id)).toEqual(["user 1"]);

  const step = { filter: is("page", "/asked") };
  const funnel = await query.funnel({ steps: [step, step], window: "1h", from: "now-1h" });
  expect(funnel.data.steps.map((step) => step.users)).toEqual([3, 0]);
  const retention = await query.retention({ ...asked, period: "day", periods: 1 });
  expect(retention.data.cohorts.reduce((sum, cohort) => sum + cohort.size, 0)).toBe(3);

  const question = { metrics: ["events"], dimensions: ["country", "properties.plan"], filters: [asked.filter] } as const;
  const { data, query: understood } = await query.run({ ...question, order_by: [["country", "asc"]] });
  expect(data).toEqual([
    { dimensions: ["AT", "free"], metrics: [1] },
    { dimensions: ["DE", "free"], metrics: [2] },
  ]);
  expect(understood).toMatchObject({ metrics: ["events"] });

  const exported = await fetch(query.exportUrl({ ...asked, format: "ndjson", columns: ["page"] }));
  expect((await exported.text()).trim().split("\n")).toEqual(Array(3).fill('{"page":"/asked"}'));
  expect((await query.realtime()).data.minutes).toHaveLength(30);
  expect((await query.metadata()).data.event_types.map((type) => type.name)).toContain("page_view");
  expect((await query.pipeline()).data.totals?.stored).toBeGreaterThanOrEqual(3);
  expect((await query.audit({ raw: true })).data.verdict).toBe("balanced");
  expect((await query.deadLetters()).data).toEqual([]);
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

test("what the client holds already isn't sent again", async () => {
  const statuses: number[] = [];
  const asking = world.client({
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      statuses.push(response.status);
      return response;
    },
  });
  await send(tidemark, visits("/held", 4));
  const hour = 3_600_000;
  const range = { from: new Date(Date.now() - hour), to: new Date(Date.now() + hour) };
  const ask = () => asking.query.summary({ ...range, filter: is("page", "/held") });
  const first = await ask();
  const second = await ask();
  expect(statuses).toEqual([200, 304]);
  expect(second.data).toEqual(first.data);
  expect(second.data.events).toBe(4);
  expect(Date.parse(second.meta.watermark ?? "")).toBeGreaterThanOrEqual(Date.parse(first.meta.watermark ?? ""));
});

test("the types are those of the api's document", async () => {
  const script = resolve(import.meta.dirname, "../../scripts/types.mjs");
  await promisify(execFile)(process.execPath, [script, "--check", `${world.daemons.api.url}/openapi.json`]);
});
