import { useMemo, useState } from "react";
import type { Event, Filter, HeldEvents } from "tidemark-client";
import { useLive, type LiveResult } from "tidemark-client/react";
import * as format from "../../format";
import { Panel } from "../../parts/Panel";
import { EmptyState, Skeleton } from "../../parts/states";
import { Table } from "../../parts/Table";
import { timeOfDay } from "../../time";
import { Mark } from "../parts/Mark";
import { honesty, newer, SHOWN, waiting } from "./rows";

const HEAD = ["Occurred", "Type", "Page", "User", "Country", "Session", "Value"];
/** Events per second that are asked for: more than that nobody reads. */
const RATE = 20;

interface Props {
  filter: Filter | null;
  tz: string;
  /** Opens a session's path. */
  onSession: (session: string) => void;
}

/** Events as they are stored, newest first, narrowed by the page's filter. Of another filter nothing
 *  stays, whether it was paused or not. */
export function LiveTail(props: Props) {
  return <Tail key={JSON.stringify(props.filter)} {...props} />;
}

function Tail({ filter, tz, onSession }: Props) {
  const params = useMemo(() => ({ rate: RATE, ...(filter && { filter }) }), [filter]);
  const live = useLive("events", params);
  const [stopped, setStopped] = useState<HeldEvents | null>(null);
  const shown = stopped ?? live.data ?? null;
  return (
    <Panel
      name="tail"
      title="Events as they arrive"
      aside={
        <button
          type="button"
          aria-pressed={stopped !== null}
          disabled={!shown}
          onClick={() => setStopped(stopped ? null : shown)}
        >
          Pause
        </button>
      }
    >
      <State live={live} stopped={stopped} />
      {filter && <p className="aside">Narrowed by the page’s filter.</p>}
      {shown && <Rows held={shown} tz={tz} onSession={onSession} />}
      {!shown && !live.error && <Skeleton lines={6} label="Loading events" />}
    </Panel>
  );
}

function State({ live, stopped }: { live: LiveResult<"events">; stopped: HeldEvents | null }) {
  const { data, error, stale } = live;
  if (error) return <Mark tone="warn" text={error.detail} />;
  if (stale) return <Mark tone="warn" text="not current: these are the last ones seen" />;
  if (!data || data.events.length === 0) return null;
  return <p className="aside">{stopped ? waiting(newer(stopped, data)) : honesty(data)}</p>;
}

type RowsProps = Omit<Props, "filter"> & { held: HeldEvents };

function Rows({ held, tz, onSession }: RowsProps) {
  if (held.events.length === 0) return <EmptyState>No event has arrived yet.</EmptyState>;
  return (
    <Table
      label="Latest events"
      head={HEAD}
      words={6}
      rows={held.events.slice(0, SHOWN).map((event) => ({
        key: event.event_id,
        cells: cells(event, tz, onSession),
      }))}
    />
  );
}

function cells(event: Event, tz: string, onSession: (session: string) => void) {
  const { session_id: session } = event;
  return [
    timeOfDay(event.occurred_at, tz),
    event.event_type,
    event.page ?? format.NONE,
    event.user_id,
    event.country ?? format.NONE,
    session === null ? (
      format.NONE
    ) : (
      <button
        type="button"
        className="link"
        aria-label={`Path of session ${session}`}
        onClick={() => onSession(session)}
      >
        {session.slice(0, 8)}
      </button>
    ),
    format.decimal(event.value),
  ];
}
