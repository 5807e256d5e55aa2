// Daemons for the tests of a file, clients of theirs, and what they send.

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { Daemons } from "../../../../testkit/stack/daemons.js";
import { Tidemark, type NewEvent, type TidemarkOptions } from "../../src/index.js";

export interface World {
  readonly daemons: Daemons;
  /** Closed after the test. */
  client(options?: Partial<TidemarkOptions>): Tidemark;
}

/** Starts the three daemons before the tests of the file and stops them after. */
export function startWorld(auth: "on" | "off" = "off"): World {
  let daemons: Daemons | undefined;
  const clients: Tidemark[] = [];
  beforeAll(async () => {
    daemons = await Daemons.start("client", { auth });
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  afterAll(() => daemons?.stop());
  return {
    get daemons() {
      if (!daemons) throw new Error("the daemons run while tests do");
      return daemons;
    },
    client(options = {}) {
      const client = new Tidemark({ url: this.daemons.api.url, ingestionUrl: this.daemons.ingestion.url, ...options });
      clients.push(client);
      return client;
    },
  };
}

/** Of a page that only one test visits. */
export function visits(page: string, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    event_type: "page_view",
    page,
    user_id: `user ${n % 3}`,
    session_id: `${page} ${n % 5}`,
    value: "0.1",
    country: n % 2 === 0 ? "DE" : "AT",
  }));
}

export async function send(tidemark: Tidemark, events: NewEvent[]): Promise<void> {
  for (const event of events) tidemark.ingest.track(event);
  const report = await tidemark.ingest.flush({ committed: true });
  expect(report).toEqual({ settled: events.length, waiting: 0, committed: true });
}
