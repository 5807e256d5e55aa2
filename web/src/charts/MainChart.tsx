import { useMetric } from "tidemark-client/react";
import { useLoaded, type Loaded } from "../data/loaded";
import { refreshed, scope } from "../data/questions";
import type { Bucket, Group } from "../data/types";
import { About } from "../parts/About";
import { TableButton } from "../parts/ChartWithTable";
import { Shown } from "../parts/states";
import { METRIC } from "../state/metrics";
import { useView, useZone } from "../state/view";
import { Export } from "./Export";
import { GroupLines } from "./GroupLines";
import { OneLine } from "./OneLine";
import { SplitSelect } from "./SplitSelect";

const GROUPS = 5;

const EACH: Record<string, string> = {
  "1m": "minute",
  "5m": "5 minutes",
  "15m": "15 minutes",
  "1h": "hour",
  "1d": "day",
  "1w": "week",
  "1M": "month",
};

/** The chosen metric over the range; by the values of a dimension where one is chosen. */
export function MainChart({ series }: { series: Loaded<Bucket[]> }) {
  const view = useView();
  const zone = useZone();
  const { by, metric } = view;
  const question = by && { ...scope(view, zone), metrics: [metric], group_by: by, limit: GROUPS };
  const groups: Loaded<Group[]> = useLoaded(useMetric("timeseries", question, refreshed(view, by)));
  const { meta, waiting } = by ? groups : series;
  const { label } = METRIC[metric];
  const each = EACH[meta?.interval ?? ""];
  return (
    <div className="chart" data-panel="chart" aria-busy={waiting}>
      <div className="head">
        <h3>
          {label} {each && <span className="aside">by {each}</span>}
        </h3>
        <div className="tools">
          <SplitSelect value={by} />
          <Export />
          <About meta={meta} what="the chart" />
          <TableButton id="chart" what={label} />
        </div>
      </div>
      {by ? (
        <Shown loaded={groups} lines={8} what="the chart">
          {(data) => <GroupLines groups={data} meta={groups.meta} />}
        </Shown>
      ) : (
        <Shown loaded={series} lines={8} what="the chart">
          {(data) => <OneLine rows={data} meta={series.meta} />}
        </Shown>
      )}
    </div>
  );
}
