// How the page looks: both themes, every width, and what assistive software makes of it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { Dashboard } from "./dashboard";
import { expect, test } from "./fixtures";
import { until } from "../../testkit/stack/daemon.js";
import type { Stack } from "./stack/stack";

/** Where pictures are wanted. */
const PICTURES = process.env.SCREENSHOTS;
const MARGIN = 12;

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing in the ${theme} theme`, async ({ page, stack }) => {
    const dashboard = new Dashboard(page, stack);
    await dashboard.open({ range: "7d", theme });
    await dashboard.seeAll();
    await dashboard.openDetails();
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
    expect(told).toEqual([]);
  });
}

test("dark follows the system, and can be chosen", async ({ page, stack }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.getByRole("group", { name: "Theme" }).getByText("Light").click({ force: true });
  await expect.poll(background).toBe(light);
  await page.reload();
  await expect.poll(background).toBe(light);
});

test("nothing is wider than the window, from 320 pixels to 4K", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ range: "7d", filter: "device:is:mobile" });
  await dashboard.seeAll();
  await dashboard.openDetails();
  for (const width of [320, 768, 1280, 1920, 3840]) {
    await page.setViewportSize({ width, height: 900 });
    // The plots follow the width of their places.
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
});

test("axe finds nothing in what opens", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  const { data } = await stack.get<{ data: { session_id: string }[] }>("/sessions?limit=1");
  for (const params of [{ more: "page" }, { session: data[0]?.session_id ?? "" }] as Record<string, string>[]) {
    await dashboard.open(params);
    await expect(page.getByRole("dialog").locator(".skeleton")).toHaveCount(0);
    const { violations } = await new AxeBuilder({ page }).include("dialog[open]").analyze();
    expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
  }
});

test("screenshots", async ({ page, stack }) => {
  test.skip(!PICTURES, "no pictures are asked for");
  if (!PICTURES) return;
  test.setTimeout(120_000);
  mkdirSync(PICTURES, { recursive: true });
  await twoDays(stack);
  const dashboard = new Dashboard(page, stack);
  await page.setViewportSize({ width: 1280, height: 1000 });
  await dashboard.open({ compare: "previous" });
  await page.waitForTimeout(30_000);
  await dashboard.seeAll();
  for (const [name, theme] of [["", "light"], ["-dark", "dark"]] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await picture(page, `dashboard${name}.png`, null, dashboard.breakdown("browser"));
    await picture(page, `pipeline${name}.png`, dashboard.panel("tail"), dashboard.panel("generator"));
  }
  await stack.generator({ running: false });
});

/** Two days of visitors, and some now. */
async function twoDays(stack: Stack): Promise<void> {
  const faults = { malformed: 0.005, duplicates: 0.01, late: 0, out_of_order: 0.01, skewed: 0 };
  const history = { history_seconds: 2 * 86_400, limit: 150_000, rate: 20_000, seed: 7, users: 5_000, faults };
  await stack.generator({ ...history, running: true });
  const url = `${stack.ingestion.url}/api/v1/generator`;
  await until("two days are generated", 60_000, async () => {
    const view = (await (await fetch(url)).json()) as { status: { finished: boolean } };
    return view.status.finished;
  });
  await until("they are stored, and no longer in the last seconds' rate", 60_000, async () => {
    const { data } = await stack.get<{ data: { commits: { events_per_second: number | null } } }>("/pipeline");
    return data.commits.events_per_second === 0;
  });
  await stack.generator({ history_seconds: null, limit: null, rate: 40, seed: 8, running: true });
}

/** From the top of one panel, or of the page, to the bottom of another. */
async function picture(page: Page, name: string, first: Locator | null, last: Locator): Promise<void> {
  const [top, bottom] = [await first?.boundingBox(), await last.boundingBox()];
  if (!bottom || !PICTURES) throw new Error(`what ${name} shows is not on the page`);
  const y = top ? top.y - MARGIN : 0;
  const clip = { x: 0, y, width: 1280, height: bottom.y + bottom.height + MARGIN - y };
  await page.screenshot({ path: join(PICTURES, name), fullPage: true, clip, animations: "disabled" });
}
