import { useState } from "react";
import { useMetric } from "tidemark-client/react";
import { useLoaded } from "../data/loaded";
import { compared, scope } from "../data/questions";
import { About } from "../parts/About";
import { Dialog } from "../parts/Dialog";
import { EmptyState, NoEvents, Shown } from "../parts/states";
import { useSettled } from "../parts/useSettled";
import type { Dimension } from "../state/filters";
import { METRIC } from "../state/metrics";
import { changeView, useView, useZone } from "../state/view";
import { ShareTable } from "./ShareTable";
import { LISTED, listed, type Listed } from "./shares";
import { titleOf } from "./titles";

const ROWS = 50;
const TYPING_MS = 250;

/** All values of a dimension, by the page. */
export function MoreDialog() {
  const { more } = useView();
  const close = () => changeView((view) => (view.more === null ? {} : { more: null }));
  return (
    <Dialog name="more-dialog" title={more ? titleOf(more) : ""} open={more !== null} onClose={close}>
      {more && <Values key={more} dimension={more} />}
    </Dialog>
  );
}

function Values({ dimension }: { dimension: Dimension }) {
  const view = useView();
  const zone = useZone();
  const [search, setSearch] = useState("");
  const [order, setOrder] = useState<Listed>(listed(view.metric));
  /** The cursors of the pages before this one, and of this one. */
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const settled = useSettled(search.trim(), TYPING_MS);
  const question = {
    ...scope(view, zone),
    ...compared(view),
    dimension,
    limit: ROWS,
    search: settled || undefined,
    order: `${order}:desc` as const,
    cursor: cursors.at(-1) ?? undefined,
  };
  const loaded = useLoaded(useMetric("breakdown", question));
  const next = loaded.meta?.next_cursor ?? null;
  const first = (cursors.length - 1) * ROWS + 1;
  const rows = loaded.waiting ? 0 : (loaded.data?.length ?? 0);
  const turn = () => {
    if (!loaded.waiting) setCursors([...cursors, next]);
  };
  const anew = (change: () => void) => {
    change();
    setCursors([null]);
  };
  return (
    <>
      <div className="more-tools">
        <input
          data-first
          type="search"
          placeholder="Search"
          aria-label={`Search ${titleOf(dimension).toLowerCase()}`}
          value={search}
          onChange={(event) => anew(() => setSearch(event.target.value))}
        />
        <select
          aria-label="Order by"
          value={order}
          onChange={(event) => anew(() => setOrder(event.target.value as Listed))}
        >
          {LISTED.map((metric) => (
            <option key={metric} value={metric}>
              By {METRIC[metric].label.toLowerCase()}
            </option>
          ))}
        </select>
        <About meta={loaded.meta} what={titleOf(dimension).toLowerCase()} />
      </div>
      <div className="scroll more-list" aria-busy={loaded.waiting} tabIndex={0} role="region" aria-label="Values">
        <Shown loaded={loaded} lines={12} what="values">
          {(rows) =>
            rows.length === 0 && settled ? (
              <EmptyState>
                <p>Nothing holds “{settled}”.</p>
              </EmptyState>
            ) : rows.length === 0 ? (
              <NoEvents />
            ) : (
              <ShareTable
                title={titleOf(dimension)}
                dimension={dimension}
                rows={rows}
                metric={order}
                meta={loaded.meta}
                wide
              />
            )
          }
        </Shown>
      </div>
      <div className="pages">
        <button type="button" disabled={cursors.length === 1} onClick={() => setCursors(cursors.slice(0, -1))}>
          Previous
        </button>
        <span className="aside">{rows > 0 && `${first} to ${first + rows - 1}`}</span>
        <button
          type="button"
          disabled={!next}
          aria-disabled={loaded.waiting}
          onClick={turn}
        >
          Next
        </button>
      </div>
    </>
  );
}
