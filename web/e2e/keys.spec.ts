// The page where keys are asked for.

import { test as base } from "@playwright/test";
import { Dashboard } from "./dashboard";
import { expect } from "./fixtures";
import { Stack } from "./stack/stack";

const test = base.extend<object, { guarded: Stack }>({
  guarded: [
    async ({}, use) => {
      const stack = await Stack.start("on");
      await use(stack);
      await stack.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

test("who has a key signs in, sees the numbers, and signs out", async ({ page, guarded }) => {
  const made = await guarded.key("read");
  const dashboard = new Dashboard(page, guarded);
  await dashboard.goto();
  const field = page.getByLabel("Key");
  await expect(field).toBeFocused();
  await field.fill("tmk_wrong");
  await field.press("Enter");
  await expect(page.getByRole("alert")).toContainText("isn't in force");
  await expect(dashboard.panel("generator")).toHaveCount(0);
  await field.fill(made);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(dashboard.connection).toHaveText("live");
  const generator = dashboard.panel("generator");
  await expect(generator).toContainText("your key lacks the scope control");
  await expect(generator.getByRole("slider")).toBeDisabled();
  await expect(generator.getByRole("button", { name: "Start" })).toBeDisabled();
  await page.reload();
  await expect(dashboard.connection).toHaveText("live");
  expect(await page.evaluate(() => document.cookie)).toBe("");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(field).toBeVisible();
  await page.reload();
  await expect(field).toBeVisible();
});

test("a key that may control drives the generator, until it is revoked", async ({ page, guarded }) => {
  const made = await guarded.key("read", "control");
  const dashboard = new Dashboard(page, guarded);
  await dashboard.goto();
  await page.getByLabel("Key").fill(made);
  await page.getByRole("button", { name: "Sign in" }).click();
  const generator = dashboard.panel("generator");
  await generator.getByRole("button", { name: "Start" }).click();
  await expect(generator.getByRole("button", { name: "Stop" })).toBeVisible();
  await guarded.api.run("keys", "revoke", made.split("_")[1] ?? "");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible({ timeout: 30_000 });
});
