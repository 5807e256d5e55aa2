// What the tests send.

import { expect } from "vitest";
import type { NewEvent, Tidemark } from "../../src/index.js";

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
