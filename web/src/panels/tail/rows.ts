// What the tail says of what it shows.

import type { Event, HeldEvents } from "tidemark-client";
import * as format from "../../format";

/** Rows at most; the client holds more. */
export const SHOWN = 50;

/**
 * Events of `now` that came after the rows were stopped. A snapshot after a reconnection may hold
 * older ones that weren't shown: those aren't newer.
 */
export function newer(stopped: HeldEvents, now: HeldEvents): number {
  const known = new Set(stopped.events.map((event) => event.event_id));
  const latest = Math.max(...stopped.events.map(accepted));
  return now.events.filter((event) => !known.has(event.event_id) && accepted(event) >= latest).length;
}

/** In milliseconds since 1970. */
function accepted(event: Event): number {
  return Date.parse(event.accepted_at);
}

/** How far what is shown is all there is. */
export function honesty({ skipped, sampled, rate }: HeldEvents): string {
  const left = skipped === 0 ? "" : `; ${format.plural(skipped, "event")} left out so far`;
  const all = skipped === 0 ? "every event is shown" : "every event is shown now";
  const shown = sampled ? `a sample of at most ${format.plural(rate, "event")} a second` : all;
  return shown + left;
}

/** While the rows stand still. */
export function waiting(count: number): string {
  if (count === 0) return "paused; nothing newer so far";
  return `paused; ${count >= SHOWN ? `${SHOWN} or more` : count} newer wait`;
}
