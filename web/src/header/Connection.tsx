import { useEffect, useState } from "react";
import type { LiveState } from "tidemark-client";
import { useHeartbeat, useLiveState } from "tidemark-client/react";
import { heard, useStanding } from "../data/standing";
import * as format from "../format";
import { useZone } from "../state/view";
import { moment } from "../time";

/** Older than this, numbers are no longer called current. */
const OLD_MS = 10_000;
/** Numbers are asked for every few seconds: less is no delay worth a moving number. */
const CURRENT_MS = 6_000;

/** Whether the api answers, and up to when the numbers are complete. The age grows by itself, so
 *  that a silent api doesn't look current. */
export function Connection() {
  const { watermark, ahead } = useStanding();
  const heartbeat = useHeartbeat();
  useEffect(() => {
    if (heartbeat) heard(heartbeat);
  }, [heartbeat]);
  const zone = useZone();
  const now = useNow(1_000) + ahead;
  const age = watermark === null ? null : Math.max(0, now - watermark);
  const why = watermark === null ? undefined : `The api has counted every event accepted before ${moment(watermark, zone)}`;
  return (
    <div className="connection">
      <Live />
      <p
        className="state"
        data-state={age === null ? "plain" : age < OLD_MS ? "good" : "warn"}
        data-testid="watermark"
        title={why}
      >
        {age === null ? "no watermark yet" : `complete up to ${age < CURRENT_MS ? "now" : `${format.span(age)} ago`}`}
        {why && <span className="hidden">. {why}</span>}
      </p>
    </div>
  );
}

function Live() {
  const live = useLiveState();
  const { trouble } = useStanding();
  const [tone, text] = said(live, trouble !== null);
  const why = live.name === "waiting" ? live.why : undefined;
  return (
    <p className="state" data-state={tone} data-testid="connection" role="status" title={why}>
      {text}
      {why && <span className="hidden">: {why}</span>}
    </p>
  );
}

function said(live: LiveState, failing: boolean): [tone: string, text: string] {
  if (live.name === "open") return failing ? ["warn", "live, but questions fail"] : ["good", "live"];
  if (live.name === "waiting") return ["bad", "disconnected"];
  return ["warn", live.name === "connecting" && live.attempt > 0 ? "reconnecting…" : "connecting…"];
}

function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
