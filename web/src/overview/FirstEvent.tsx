import { useMetric } from "tidemark-client/react";
import { useSession } from "../data/session";
import { Panel } from "../parts/Panel";

const EVERY_MS = 2_000;

/** Whether there is no event at all; asked only where a range shows none. */
export function useNothingStored(events: unknown): boolean {
  const { data } = useMetric("metadata", events === 0 ? {} : null, { refetchInterval: EVERY_MS });
  return events === 0 && data?.data.events === 0;
}

/** What to do when nothing is stored yet. */
export function FirstEvent({ ingestion }: { ingestion: string | null }) {
  const guarded = useSession()?.auth === "on";
  const command = [
    `curl '${ingestion ?? ""}/api/v1/events?wait=committed' \\`,
    ...(guarded ? ["  -H 'Authorization: Bearer tmk_…' \\"] : []),
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"event_type":"page_view","user_id":"ada","page":"/"}'`,
  ].join("\n");
  return (
    <Panel name="first" title="Nothing is stored yet">
      <p>Send the first event, and it appears here:</p>
      <pre className="scroll" tabIndex={0} role="region" aria-label="Command">
        {command}
      </pre>
      {guarded && <p className="aside">In place of tmk_… put a key with the scope write.</p>}
      <p className="aside">Or start the generator below: it makes visitors of its own.</p>
    </Panel>
  );
}
