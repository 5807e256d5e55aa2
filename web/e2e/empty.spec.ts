// With nothing stored yet.

import { Dashboard } from "./dashboard";
import { expect, test } from "./fixtures";
import { Stack } from "./stack/stack";

test("an empty database is said to be empty, and the first event appears", async ({ page, watched }) => {
  const stack = await Stack.start();
  watched.origins.push(stack.api.url, stack.ingestion.url);
  try {
    const dashboard = new Dashboard(page, stack);
    await dashboard.goto();
    await expect(dashboard.panel("first")).toContainText("Nothing is stored yet");
    await expect(dashboard.panel("audit").locator(".state")).toHaveAttribute("data-state", "good");
    await expect(dashboard.panel("tail")).toContainText("No event has arrived");
    await dashboard.panel("funnel").scrollIntoViewIfNeeded();
    await expect(dashboard.panel("funnel")).toContainText("No user did the first step");
    await dashboard.panel("retention").scrollIntoViewIfNeeded();
    await expect(dashboard.panel("retention")).toContainText("No users in these periods");
    const occurred_at = new Date().toISOString();
    await stack.store([
      { event_id: "00000000-0000-7000-8000-000000000001", event_type: "page_view", occurred_at, user_id: "ada", page: "/" },
    ]);
    await expect(dashboard.tile("events")).toHaveText("1");
  } finally {
    await page.close();
    await stack.stop();
  }
});
