import { defineConfig } from "@playwright/test";

// One browser and one stack of daemons at a time: they share the machine's cores.
export default defineConfig({
  testDir: ".",
  outputDir: "../../target/e2e",
  workers: 1,
  timeout: 90_000,
  // Long enough for a machine that is busy with something else, too.
  expect: { timeout: 20_000 },
  forbidOnly: process.env.CI !== undefined,
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    colorScheme: "light",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Without a sandbox, because root may not have one; it loads our own page only.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
    },
  },
});
