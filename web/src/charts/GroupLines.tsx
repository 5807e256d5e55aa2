import { useMemo } from "react";
import type { Meta } from "tidemark-client";
import type { Group } from "../data/types";
import { ChartWithTable } from "../parts/ChartWithTable";
import { valueWord } from "../state/filters";
import { METRIC } from "../state/metrics";
import { useView, useZone } from "../state/view";
import { bucket } from "../time";
import { Plot } from "./Plot";
import { groupColumns, seconds, seriesOf } from "./series";
import { Tip } from "./Tip";
import { useHeight } from "./useHeight";
import { usePlot } from "./usePlot";

function named(group: Group): string {
  return group.rest ? "all others" : valueWord(group.key ?? "");
}

interface Props {
  groups: Group[];
  meta: Meta | null;
}

/** A line for each of the biggest values, and one for the rest. */
export function GroupLines({ groups, meta }: Props) {
  const { metric } = useView();
  const zone = useZone();
  const height = useHeight();
  const rows = groups[0]?.rows ?? [];
  const data = useMemo(() => groupColumns(groups, metric), [groups, metric]);
  const end = Date.parse(meta?.to ?? "") / 1000;
  const { options, at } = usePlot(seconds(rows), end, groups.map(seriesOf).join(","), false);
  const pointed = at && rows[at.index];
  const name = (start: string) => bucket(start, meta?.interval, zone);
  const { label, show } = METRIC[metric];
  const table = () =>
    rows.toReversed().map((row) => ({
      key: row.bucket,
      cells: [
        row.partial ? `${name(row.bucket)} (not whole)` : name(row.bucket),
        ...groups.map((group) => show(group.rows.find((it) => it.bucket === row.bucket)?.[metric])),
      ],
    }));
  return (
    <ChartWithTable id="chart" label={`${label} over time`} head={["From", ...groups.map(named)]} rows={table}>
      <div className="plot-holder">
        <Plot options={options} data={data} height={height} />
        {at && pointed && (
          <Tip at={at} title={name(pointed.bucket)}>
            <ul className="legend">
              {groups.map((group, line) => (
                <li key={line} data-series={seriesOf(group, line)}>
                  {named(group)} <b>{show(group.rows[at.index]?.[metric])}</b>
                </li>
              ))}
            </ul>
          </Tip>
        )}
      </div>
      <ul className="legend">
        {groups.map((group, line) => (
          <li key={line} data-series={seriesOf(group, line)}>
            {named(group)}
          </li>
        ))}
        {rows.some((row) => row.partial) && <li className="legend-hint">Dashed: not a whole bucket</li>}
      </ul>
    </ChartWithTable>
  );
}
