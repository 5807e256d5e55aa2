import { useState } from "react";
import type { DeadLetter, Pipeline } from "tidemark-client";
import { useMetric } from "tidemark-client/react";
import * as format from "../../format";
import { Shown } from "../../parts/states";
import { useZone } from "../../state/view";
import { moment } from "../../time";
import { asked } from "../parts/asked";
import { Facts } from "../parts/Facts";

const SHOWN = 20;
const EVERY_MS = 5_000;

type Letters = NonNullable<Pipeline["dead_letters"]>;

/** Why events were refused, most frequent first, and on demand the latest of them. */
export function DeadLetters({ letters }: { letters: Letters | null }) {
  const [open, setOpen] = useState(false);
  if (!letters) return <p className="aside">not known at present</p>;
  if (letters.total === 0) return <p className="aside">none so far</p>;
  return (
    <>
      <Facts facts={letters.by_reason.map(({ reason, count }) => [format.words(reason), format.count(count)])} />
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Latest dead letters</summary>
        {open && <Latest />}
      </details>
    </>
  );
}

function Latest() {
  const letters = useMetric("deadLetters", { limit: SHOWN }, { refetchInterval: EVERY_MS });
  return (
    <Shown loaded={asked(letters)} lines={4} what="the dead letters">
      {(newest) => (
        <ol className="pipeline-letters" tabIndex={0} aria-label="Latest dead letters">
          {newest.map((letter) => (
            <Letter key={`${letter.entry_id} ${letter.index}`} letter={letter} />
          ))}
        </ol>
      )}
    </Shown>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  const zone = useZone();
  return (
    <li>
      <p>
        <b>{format.words(letter.reason)}</b> {withoutReason(letter)}
      </p>
      <p className="aside">
        {moment(letter.received_at, zone)}, {letter.source}, entry {letter.entry_id}
        {letter.replayed_at !== null && `, replayed ${moment(letter.replayed_at, zone)}`}
      </p>
      <code>
        {letter.payload}
        {letter.truncated && " …"}
      </code>
    </li>
  );
}

/** Details begin with the code that is the reason already. */
function withoutReason({ reason, detail }: DeadLetter): string {
  return detail.startsWith(`${reason}: `) ? detail.slice(reason.length + 2) : detail;
}
