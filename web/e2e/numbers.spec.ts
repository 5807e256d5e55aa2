// What the page shows is what REST answers.

import * as format from "../src/format";
import { DIMENSIONS, valueWord } from "../src/state/filters";
import { METRIC, METRICS, change, type Metric } from "../src/state/metrics";
import { closedRange, Dashboard } from "./dashboard";
import { expect, test } from "./fixtures";

type Numbers = Record<Metric, number | string | null>;
type Row = Numbers & { key: string; share: number; comparison: Numbers };

const tz = "Europe/Berlin";

test("tiles and the chart’s table", async ({ page, stack }) => {
  const range = closedRange(24);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ ...range, compare: "previous", table: "chart" });
  const query = new URLSearchParams({ ...range, tz, compare: "previous" });
  const { data } = await stack.get<{ data: Record<Metric, number> & { comparison: { change: Record<Metric, number> } } }>(
    `/metrics/summary?${query}`,
  );
  expect(data.events).toBeGreaterThan(100);
  await dashboard.expectTotals(Object.fromEntries(METRICS.map((metric) => [metric, data[metric]])));
  const change = page.locator('.tile[data-metric="events"] .change');
  await expect(change).toContainText(format.change(data.comparison.change.events));
  const metrics = METRICS.join(",");
  const series = new URLSearchParams({ ...range, tz, metrics });
  const { data: buckets } = await stack.get<{ data: Row[] }>(`/metrics/timeseries?${series}`);
  const rows = dashboard.panel("chart").locator("tbody tr");
  await expect(rows).toHaveCount(buckets.length);
  const shown = await rows.evaluateAll((all) => all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)));
  const told = buckets.toReversed().map((row) => METRICS.map((metric) => METRIC[metric].show(row[metric])));
  expect(shown).toEqual(told);
});

test("the breakdowns", async ({ page, stack }) => {
  const range = closedRange(24);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open(range);
  for (const dimension of DIMENSIONS) {
    const query = new URLSearchParams({ ...range, tz, dimension, limit: "9", order: "events:desc" });
    const { data } = await stack.get<{ data: Row[] }>(`/metrics/breakdown?${query}`);
    const rows = dashboard.breakdown(dimension).locator("tbody tr");
    await expect(rows).toHaveCount(data.length);
    const shown = await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    const told = data.map(({ key, events, share }) => [valueWord(key), format.count(Number(events)), format.share(share)]);
    expect(shown, dimension).toEqual(told);
  }
});

test("a breakdown beside the range it is compared with", async ({ page, stack }) => {
  const range = closedRange(12);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ ...range, compare: "previous" });
  const query = new URLSearchParams({ ...range, tz, compare: "previous", dimension: "country", limit: "9", order: "events:desc" });
  const { data } = await stack.get<{ data: Row[] }>(`/metrics/breakdown?${query}`);
  const changes = data.map(({ events, comparison }) => format.change(change(Number(events), Number(comparison.events))));
  const shown = dashboard.breakdown("country").locator("tbody .change");
  await expect(shown).toHaveCount(data.length);
  for (const [at, text] of changes.entries()) await expect(shown.nth(at)).toContainText(text);
});

test("the audit and the pipeline", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  const { data: audit } = await stack.get<{ data: { verdict: string; total: Record<string, number> } }>("/audit");
  expect(audit.verdict).toBe("balanced");
  const { accepted, stored, duplicates, dead_lettered, in_flight } = audit.total;
  const sides = `${format.count(accepted)} accepted = ${format.count(stored)} stored + ${format.count(duplicates)} duplicates`;
  const rest = `+ ${format.count(dead_lettered)} dead-lettered + ${format.count(in_flight)} in flight`;
  await expect(dashboard.panel("audit")).toContainText(`${sides} ${rest}`);
  await expect(dashboard.panel("audit").locator(".state")).toHaveAttribute("data-state", "good");
  await dashboard.panel("audit").getByText("By source").click();
  await expect(dashboard.panel("audit").locator("tbody tr").last()).toContainText(format.count(stored));
  await expect(dashboard.fact("pipeline", "Stored").last()).toHaveText(format.count(stored));
});

test("the funnel", async ({ page, stack }) => {
  const range = closedRange(24 * 7);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ ...range, table: "funnel" });
  const steps = ["page_view", "add_to_cart", "purchase"].map((name) => ({ name, filter: ["is", "event_type", [name]] }));
  const query = new URLSearchParams({ ...range, tz, window: "1d", steps: JSON.stringify(steps) });
  type Step = { name: string; users: number; conversion: number };
  const { data } = await stack.get<{ data: { steps: Step[] } }>(`/funnel?${query}`);
  expect(data.steps[2]?.users).toBeGreaterThan(0);
  await dashboard.panel("funnel").scrollIntoViewIfNeeded();
  const rows = dashboard.panel("funnel").locator("tbody tr");
  await expect(rows).toHaveCount(3);
  for (const [at, { name, users, conversion }] of data.steps.entries()) {
    const cells = rows.nth(at).locator("th, td");
    await expect(cells.nth(0)).toHaveText(`${at + 1}. ${name}`);
    await expect(cells.nth(1)).toHaveText(format.count(users));
    await expect(cells.nth(2)).toHaveText(format.share(conversion));
  }
});

test("retention", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  type Cohort = { start: string; size: number; returned: { rate: number }[] };
  const query = new URLSearchParams({ period: "day", periods: "8", tz });
  const panel = dashboard.panel("retention");
  await panel.scrollIntoViewIfNeeded();
  const rows = panel.locator("tbody tr");
  // A day may end meanwhile.
  await expect(async () => {
    await panel.getByRole("button", { name: "Count again" }).click();
    const { data } = await stack.get<{ data: { cohorts: Cohort[] } }>(`/retention?${query}`);
    const cohorts = data.cohorts.filter(({ size }) => size > 0);
    expect(cohorts.length).toBeGreaterThan(1);
    const told = cohorts.map(({ size, returned }) => [
      format.count(size),
      `${Math.round((returned[0]?.rate ?? 0) * 100)} %`,
    ]);
    const shown = await rows.evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll("td > span")].slice(0, 2).map((cell) => cell.firstChild?.textContent)),
    );
    expect(shown).toEqual(told);
  }).toPass();
});

test("a session’s path", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  const { data } = await stack.get<{ data: { session_id: string; events: number }[] }>("/sessions?limit=1");
  const [session] = data;
  if (!session) throw new Error("no session is stored");
  await dashboard.open({ session: session.session_id });
  const path = page.locator("dialog.session");
  await expect(path.locator(".session-path li")).toHaveCount(session.events);
  await page.keyboard.press("Escape");
  await expect(path).toBeHidden();
  await expect.poll(() => dashboard.param("session")).toBeNull();
});
