// What moves by itself, and what happens when something is away.

import { rateAt } from "../src/panels/generator/scale";
import { METRIC } from "../src/state/metrics";
import { Dashboard } from "./dashboard";
import { expect, test } from "./fixtures";
import { Stack } from "./stack/stack";

/** What the browser logs of requests that fail, which here they are meant to. */
const FAILED_REQUESTS = [/Failed to load resource/, /WebSocket connection to/, /net::ERR_/];

let sent = 0;

async function sendOne(stack: Stack, page: string): Promise<void> {
  sent += 1;
  const event_id = `00000000-0000-7000-9000-${String(sent).padStart(12, "0")}`;
  const occurred_at = new Date().toISOString();
  await stack.store([{ event_id, event_type: "page_view", occurred_at, user_id: "live-user", session_id: event_id, page }]);
}

test("the slider changes the generator’s rate, and the switch runs it", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  const panel = dashboard.panel("generator");
  await panel.getByRole("slider").fill("400");
  await expect.poll(async () => (await stack.generator()).rate).toBe(rateAt(400));
  await panel.getByRole("button", { name: "Start" }).click();
  await expect.poll(async () => (await stack.generator()).running).toBe(true);
  await expect(dashboard.fact("generator", "Wanted")).toHaveText(new RegExp(`^${rateAt(400)}`));
  await expect(dashboard.fact("generator", "Achieved")).toHaveText(/^[1-9]/);
  await expect(dashboard.panel("tail").locator("tbody tr")).not.toHaveCount(0);
  await panel.getByRole("button", { name: "Stop" }).click();
  await expect.poll(async () => (await stack.generator()).running).toBe(false);
});

test("profiles and faults are set, and what is refused is said", async ({ page, stack, watched }) => {
  watched.messages.push(/status of 422/);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  const panel = dashboard.panel("generator");
  await panel.getByText("Profile, arrivals and faults").click();
  await panel.getByLabel("Kind").selectOption("sine");
  await expect.poll(async () => (await stack.generator()).profile.kind).toBe("sine");
  await panel.getByLabel("Least, events/s").fill("1000000");
  await expect(panel.locator(".field-wrong")).toContainText("must not be above max");
  await panel.getByRole("button", { name: "Back to what is in effect" }).click();
  await expect(panel.locator(".field-wrong")).toHaveCount(0);
  await panel.getByLabel("Kind").selectOption("constant");
  await expect.poll(async () => (await stack.generator()).profile.kind).toBe("constant");
});

test("events arrive in the tail, which can be stopped and opens a session", async ({ page, stack }) => {
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  const tail = dashboard.panel("tail");
  await sendOne(stack, "/tail/first");
  await expect(tail.getByText("/tail/first")).toBeVisible();
  await tail.getByRole("button", { name: "Pause" }).click();
  await sendOne(stack, "/tail/second");
  await expect(tail).toContainText("1 newer wait");
  await expect(tail.getByText("/tail/second")).toHaveCount(0);
  await tail.getByRole("button", { name: "Pause" }).click();
  await expect(tail.getByText("/tail/second")).toBeVisible();
  await tail.getByRole("button", { name: /Path of session/ }).first().click();
  await expect(page.locator("dialog.session")).toContainText("/tail/second");
});

test("the page comes back after a restart of the api", async ({ page, stack, watched }) => {
  watched.messages.push(...FAILED_REQUESTS);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ range: "15m" });
  await expect(dashboard.connection).toHaveText("live");
  await stack.api.stop();
  await expect(dashboard.connection).toHaveText(/^disconnected: /);
  await expect(page.locator("html")).toHaveAttribute("data-stale", "");
  await stack.api.start();
  await expect(dashboard.connection).toHaveText("live");
  await sendOne(stack, "/after/restart");
  await expect(dashboard.panel("tail").getByText("/after/restart")).toBeVisible();
});

test("with the database away the numbers stay and are called old", async ({ page, stack, watched }) => {
  watched.messages.push(...FAILED_REQUESTS);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ range: "15m" });
  const events = await dashboard.tile("events").innerText();
  stack.database.cut();
  try {
    await expect(page.getByRole("alert").filter({ hasText: "The page keeps trying" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("data-stale", "");
    await expect(dashboard.tile("events")).toHaveText(events);
    await expect(dashboard.panel("audit").locator(".state").first()).toContainText("not current");
  } finally {
    stack.database.mend();
  }
  await expect(page.locator("html")).not.toHaveAttribute("data-stale", "");
  await expect(dashboard.connection).toHaveText("live");
});

test("without ingestion the generator’s controls are off and say why", async ({ page, stack, watched }) => {
  watched.messages.push(...FAILED_REQUESTS);
  const dashboard = new Dashboard(page, stack);
  await dashboard.open();
  const panel = dashboard.panel("generator");
  await expect(panel.getByRole("slider")).toBeEnabled();
  await stack.ingestion.stop();
  try {
    await expect(panel).toContainText("It can’t be controlled");
    await expect(panel.getByRole("slider")).toBeDisabled();
  } finally {
    await stack.ingestion.start();
  }
  await expect(panel.getByRole("slider")).toBeEnabled();
});

test("after hours away the page is current again", async ({ page, stack }) => {
  await page.clock.install();
  const dashboard = new Dashboard(page, stack);
  await dashboard.open({ range: "15m" });
  await sendOne(stack, "/while/away");
  await page.clock.fastForward("05:00:00");
  // The window moves on with every minute.
  await expect(async () => {
    const { data } = await stack.get<{ data: { events: number } }>("/metrics/summary?from=now-15m&to=now");
    expect(await dashboard.tile("events").innerText()).toBe(METRIC.events.show(data.events));
  }).toPass();
});
