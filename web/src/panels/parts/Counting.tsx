import type { ReactNode } from "react";
import { Shown } from "../../parts/states";
import type { Asked } from "./asked";
import { Mark } from "./Mark";

interface Props<T> {
  asked: Asked<T>;
  children: (data: T) => ReactNode;
}

/** An answer that takes a while, because it is counted from single events. */
export function Counting<T>({ asked, children }: Props<T>) {
  return (
    <div aria-busy={asked.waiting}>
      {asked.waiting && <Mark tone="plain" text="counting again…" />}
      <Shown loaded={asked} lines={4} what="what is counted from single events">
        {children}
      </Shown>
    </div>
  );
}
