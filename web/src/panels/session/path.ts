import type { Event, SessionPath } from "tidemark-client";
import * as format from "../../format";
import { moment } from "../../time";
import type { Fact } from "../parts/Facts";

export function facts(session: SessionPath, tz: string): Fact[] {
  return [
    ["Session", session.session_id],
    ["User", session.user_id],
    ["Began", moment(session.started_at, tz)],
    ["Lasted", format.span(session.duration_seconds * 1000)],
    ["Entered at", session.entry_page ?? format.NONE],
    ["Left from", session.exit_page ?? format.NONE],
    ["From", [session.country, session.device, session.browser].filter(Boolean).join(", ") || format.NONE],
    ["Value", format.decimal(session.value)],
  ];
}

/** Each event with the time since the first one. */
export function steps({ events }: SessionPath): { event: Event; after: string }[] {
  const start = Date.parse(events[0]?.occurred_at ?? "");
  return events.map((event, index) => {
    const ms = Date.parse(event.occurred_at) - start;
    return { event, after: index === 0 ? "start" : `+${format.span(ms)}` };
  });
}
