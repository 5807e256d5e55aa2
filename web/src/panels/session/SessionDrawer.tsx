import type { SessionPath } from "tidemark-client";
import { useSession } from "tidemark-client/react";
import * as format from "../../format";
import { Dialog } from "../../parts/Dialog";
import { Shown } from "../../parts/states";
import { moment } from "../../time";
import { asked } from "../parts/asked";
import { Facts } from "../parts/Facts";
import { facts, steps } from "./path";

/** Late events are of sessions from days ago. */
const LONG_AGO = "now-30d";

interface Props {
  /** Null is closed. */
  session: string | null;
  tz: string;
  onClose: () => void;
}

/** One session's events in their order, beside the page. */
export function SessionDrawer({ session, tz, onClose }: Props) {
  return (
    <Dialog name="session" title="Path of a session" open={session !== null} onClose={onClose}>
      {session !== null && <Path key={session} session={session} tz={tz} />}
    </Dialog>
  );
}

function Path({ session, tz }: { session: string; tz: string }) {
  const path = asked(useSession(session, { from: LONG_AGO, tz }));
  return (
    <Shown loaded={path} lines={8} what="the session">
      {(found) => (
        <>
          <Facts facts={facts(found, tz)} />
          <h3>{format.plural(found.events.length, "event")}</h3>
          <ol className="session-path" tabIndex={0} aria-label="Events of the session in their order">
            {steps(found).map(({ event, after }) => (
              <li key={event.event_id}>
                <time dateTime={event.occurred_at} title={moment(event.occurred_at, tz)}>
                  {after}
                </time>
                <b>{format.words(event.event_type)}</b>
                <span>{event.page ?? format.NONE}</span>
                <span className="aside">{detail(event)}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </Shown>
  );
}

function detail({ duration_ms, value }: SessionPath["events"][number]): string {
  const parts = [];
  if (duration_ms !== null) parts.push(format.span(duration_ms));
  if (value !== null) parts.push(`value ${format.decimal(value)}`);
  return parts.join(", ");
}
