// Looking closer and going back: filters, zoom, ranges, keys. All of it is in the address.

import { closedRange, Dashboard } from "./dashboard";
import { expect, test } from "./fixtures";

const tz = "Europe/Berlin";

test("a click filters everything, and back undoes it", async ({ page, stack }) => {
  const range = closedRange(24);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open(range);
  const all = await dashboard.tile("events").innerText();
  await dashboard.breakdown("country").getByRole("button", { name: "DE", exact: true }).click();
  await expect.poll(() => dashboard.param("filter")).toBe("country:is:DE");
  await expect(page.getByRole("list", { name: "Filters" })).toContainText("Country is DE");
  const query = new URLSearchParams({ ...range, tz, filter: "country:DE" });
  const { data } = await stack.get<{ data: { events: number; users: number; value: string } }>(`/metrics/summary?${query}`);
  await dashboard.expectTotals({ events: data.events, users: data.users, value: data.value });
  await expect(dashboard.breakdown("country").locator("tbody tr")).toHaveCount(1);
  await page.goBack();
  await expect.poll(() => dashboard.param("filter")).toBeNull();
  await expect(dashboard.tile("events")).toHaveText(all);
  await page.goForward();
  await dashboard.expectTotals({ events: data.events });
});

test("dragging across the chart zooms, and back undoes it", async ({ page, stack }) => {
  const range = closedRange(24);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open(range);
  const plot = dashboard.panel("chart").locator(".u-over");
  const box = await plot.boundingBox();
  if (!box) throw new Error("the chart is not drawn");
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.4, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, middle, { steps: 8 });
  await page.mouse.up();
  await expect.poll(() => dashboard.param("from")).not.toBe(range.from);
  const [from, to] = [dashboard.param("from") ?? "", dashboard.param("to") ?? ""];
  expect(Date.parse(from)).toBeGreaterThan(Date.parse(range.from));
  expect(Date.parse(to)).toBeLessThan(Date.parse(range.to));
  const { data } = await stack.get<{ data: { events: number } }>(`/metrics/summary?${new URLSearchParams({ from, to, tz })}`);
  await dashboard.expectTotals({ events: data.events });
  await page.goBack();
  await expect.poll(() => dashboard.param("from")).toBe(range.from);
});

test("keys choose the range, the comparison and the help", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  for (const [key, range] of [["w", "7d"], ["h", "1h"], ["m", "30d"], ["r", "15m"]] as const) {
    await page.keyboard.press(key);
    await expect.poll(() => dashboard.param("range")).toBe(range);
  }
  await page.keyboard.press("d");
  await expect.poll(() => dashboard.param("range")).toBeNull();
  await page.keyboard.press("x");
  await expect.poll(() => dashboard.param("compare")).toBe("previous");
  await expect(page.locator('.tile[data-metric="events"] .change')).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("an address shows what its sender saw", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  const range = closedRange(48);
  await dashboard.open({ ...range, tz: "Asia/Kathmandu", metric: "users", filter: "device:is:mobile", compare: "previous" });
  await expect(page.locator('.tile[data-metric="users"]')).toHaveAttribute("aria-pressed", "true");
  const query = new URLSearchParams({ ...range, tz: "Asia/Kathmandu", filter: "device:mobile" });
  const { data } = await stack.get<{ data: { events: number } }>(`/metrics/summary?${query}`);
  await dashboard.expectTotals({ events: data.events });
});

test("a funnel is changed by hand, and its address keeps it", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ range: "7d" });
  const funnel = dashboard.panel("funnel");
  await funnel.scrollIntoViewIfNeeded();
  await expect(funnel.locator(".funnel-bars li")).toHaveCount(3);
  await funnel.getByText("Steps and conditions").click();
  await funnel.getByRole("button", { name: "Remove step 2" }).click();
  await expect(funnel.locator(".funnel-bars li")).toHaveCount(2);
  await funnel.getByLabel("Step 1: what").selectOption("page");
  await funnel.getByLabel("Step 1: value").fill("/shop/lamp");
  await expect(funnel.locator(".funnel-bars li").first()).toContainText("/shop/lamp");
  expect(dashboard.param("funnel")).toContain("page:/shop/lamp");
  await page.reload();
  await funnel.scrollIntoViewIfNeeded();
  await expect(funnel.locator(".funnel-bars li").first()).toContainText("/shop/lamp");
});
