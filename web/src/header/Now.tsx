import { useLive } from "tidemark-client/react";
import * as format from "../format";

const NOTHING = {};

/** What happens at this moment, whatever the range. */
export function Now() {
  const { data, stale } = useLive("realtime", NOTHING);
  if (!data || stale) return null;
  const { events_per_second, last_5_minutes } = data;
  return (
    <p className="now">
      <b>{format.rate(events_per_second)}</b> events/s
      <span className="now-users">
        {" "}
        · <b>{format.count(last_5_minutes.users)}</b> users in 5 minutes
      </span>
    </p>
  );
}
