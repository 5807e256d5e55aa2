// What the tail says of what it shows.

import type { HeldEvents } from "tidemark-client";
import * as format from "../../format";

/** Rows at most; the client holds more. */
export const SHOWN = 50;

/** Events of `now` that weren't there when the rows were stopped. */
export function newer(stopped: HeldEvents, now: HeldEvents): number {
  const known = new Set(stopped.events.map((event) => event.event_id));
  return now.events.filter((event) => !known.has(event.event_id)).length;
}

/** How far what is shown is all there is. */
export function honesty({ skipped, sampled, rate }: HeldEvents): string {
  const left = skipped === 0 ? "" : `; ${format.plural(skipped, "event")} left out so far`;
  const shown = sampled ? `a sample of at most ${format.plural(rate, "event")} a second` : "every event is shown";
  return shown + left;
}

/** While the rows stand still. */
export function waiting(count: number): string {
  if (count === 0) return "paused; nothing newer so far";
  return `paused; ${count >= SHOWN ? `${SHOWN} or more` : count} newer wait`;
}
