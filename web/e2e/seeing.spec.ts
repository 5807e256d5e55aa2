// How the page looks: both themes, every width, and what assistive software makes of it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { Dashboard } from "./dashboard";
import { expect, test } from "./fixtures";

/** Where pictures are wanted. */
const PICTURES = process.env.SCREENSHOTS;

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

test("screenshots", async ({ page, stack }) => {
  test.skip(!PICTURES, "no pictures are asked for");
  if (!PICTURES) return;
  test.setTimeout(90_000);
  mkdirSync(PICTURES, { recursive: true });
  await stack.generator({ running: true, rate: 2000, faults: { malformed: 0.002, duplicates: 0.005, late: 0.01 } });
  const dashboard = new Dashboard(page, stack);
  await page.setViewportSize({ width: 1440, height: 1000 });
  await dashboard.open({ compare: "previous" });
  await page.waitForTimeout(20_000);
  await dashboard.seeAll();
  for (const [name, theme] of [["dashboard", "light"], ["dashboard-dark", "dark"]] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true, animations: "disabled" });
  }
  await page.setViewportSize({ width: 320, height: 800 });
  await page.screenshot({ path: join(PICTURES, "narrow.png"), fullPage: true, animations: "disabled" });
  await stack.generator({ running: false, faults: { malformed: 0, duplicates: 0, late: 0 } });
});
