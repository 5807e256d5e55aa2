import type { ReactNode } from "react";
import { About } from "../../parts/About";
import { Shown } from "../../parts/states";
import type { Asked } from "./asked";
import { Mark } from "./Mark";

interface Props<T> {
  /** What is counted. */
  what: string;
  asked: Asked<T>;
  children: (data: T) => ReactNode;
}

/** An answer that takes a while, because it is counted from single events: it is asked for again by
 *  hand only, and says how far it is complete. */
export function Counting<T>({ what, asked, children }: Props<T>) {
  return (
    <div aria-busy={asked.waiting}>
      {asked.waiting && <Mark tone="plain" text="counting again…" />}
      <Shown loaded={asked} lines={4} what="what is counted from single events">
        {(data) => (
          <>
            {children(data)}
            <div className="tools">
              <button type="button" className="quiet" onClick={asked.again}>
                Count again
              </button>
              <About meta={asked.meta} what={what} />
            </div>
          </>
        )}
      </Shown>
    </div>
  );
}
