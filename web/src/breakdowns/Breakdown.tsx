import { useMetric } from "tidemark-client/react";
import { useLoaded, type Loaded } from "../data/loaded";
import { compared, refreshed, scope } from "../data/questions";
import type { Share } from "../data/types";
import { About } from "../parts/About";
import { Panel } from "../parts/Panel";
import { NoEvents, Shown } from "../parts/states";
import type { Dimension } from "../state/filters";
import { changeView, useView, useZone } from "../state/view";
import { ShareTable } from "./ShareTable";
import { listed, liveShares } from "./shares";
import { useLiveShares } from "./useLiveShares";

const ROWS = 9;

interface Props {
  dimension: Dimension;
  title: string;
}

export function Breakdown({ dimension, title }: Props) {
  const view = useView();
  const zone = useZone();
  const metric = listed(view.metric);
  const question = {
    ...scope(view, zone),
    ...compared(view),
    dimension,
    limit: ROWS,
    order: `${metric}:desc` as const,
  };
  const live = useLiveShares(view, dimension, ROWS);
  const options = refreshed(view, dimension, live !== null);
  const asked: Loaded<Share[]> = useLoaded(useMetric("breakdown", question, options));
  const loaded = live && !asked.waiting ? { ...asked, data: liveShares(asked.data, live) } : asked;
  return (
    <Panel
      name={`breakdown breakdown-${dimension}`}
      title={title}
      aside={<About meta={loaded.meta} what={title.toLowerCase()} />}
    >
      <div aria-busy={loaded.waiting} className="breakdown-body">
        <Shown loaded={loaded} lines={ROWS} what={title.toLowerCase()}>
          {(rows) =>
            rows.length === 0 ? (
              <NoEvents />
            ) : (
              <ShareTable title={title} dimension={dimension} rows={rows} metric={metric} meta={loaded.meta} />
            )
          }
        </Shown>
      </div>
      {(loaded.data?.length ?? 0) >= ROWS && (
        <button
          type="button"
          className="quiet more"
          aria-label={`More ${title.toLowerCase()}…`}
          onClick={() => changeView({ more: dimension })}
        >
          More…
        </button>
      )}
    </Panel>
  );
}
