// What every test has: the daemons with some days of events, and a page that is watched.

import { test as base, expect, type Page } from "@playwright/test";
import { visits } from "./events";
import { Stack } from "./stack/stack";

/** What a test allows beside a silent console. */
export interface Allowed {
  /** Messages that the browser itself logs, such as of a request that fails. */
  messages: RegExp[];
  /** Where requests may go. */
  origins: string[];
}

interface Fixtures {
  /** Fails the test that made the page complain, or ask somebody else. */
  watched: Allowed;
}

interface WorkerFixtures {
  /** With events of eight days, and a generator that stands still. */
  stack: Stack;
  started: { stack: Stack };
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  started: [
    async ({}, use) => {
      const stack = await Stack.start();
      await use({ stack });
      await stack.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  stack: [
    async ({ started: { stack } }, use) => {
      await stack.store(visits(Date.now()));
      await use(stack);
    },
    { scope: "worker", timeout: 60_000 },
  ],
  watched: [
    async ({ page, started: { stack } }, use) => {
      const allowed: Allowed = { messages: [], origins: [stack.api.url, stack.ingestion.url] };
      const complaints = watch(page, allowed);
      await use(allowed);
      const left = complaints.filter((text) => !allowed.messages.some((it) => it.test(text)));
      expect(left, "the page complained, or asked somebody else").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

function watch(page: Page, allowed: Allowed): string[] {
  const complaints: string[] = [];
  const asked = (url: string) => {
    const { protocol, host, origin } = new URL(url);
    const ours = protocol === "ws:" ? `http://${host}` : origin;
    const inside = ["data:", "blob:", "about:"].includes(protocol);
    if (!inside && !allowed.origins.includes(ours)) complaints.push(`asked ${url}`);
  };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("request", (request) => asked(request.url()));
  page.on("websocket", (socket) => asked(socket.url()));
  return complaints;
}
