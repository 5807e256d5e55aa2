import { useMemo } from "react";
import type { Meta } from "tidemark-client";
import type { Bucket } from "../data/types";
import * as format from "../format";
import { ChartWithTable } from "../parts/ChartWithTable";
import { METRIC, METRICS, change, type Metric } from "../state/metrics";
import { useView, useZone } from "../state/view";
import { bucket } from "../time";
import { Plot } from "./Plot";
import { columns, seconds } from "./series";
import { Tip } from "./Tip";
import { useHeight } from "./useHeight";
import { usePlot } from "./usePlot";

interface Props {
  rows: Bucket[];
  meta: Meta | null;
}

/** Everything as one line, what was before as another. */
export function OneLine({ rows, meta }: Props) {
  const { metric } = useView();
  const zone = useZone();
  const height = useHeight();
  const compared = rows.some((row) => row.comparison);
  const data = useMemo(() => columns(rows, metric), [rows, metric]);
  const end = Date.parse(meta?.to ?? "") / 1000;
  const { options, at } = usePlot(seconds(rows), end, null, compared);
  const pointed = at && rows[at.index];
  const name = (start: string) => bucket(start, meta?.interval, zone);
  return (
    <ChartWithTable id="chart" label="Numbers over time" head={HEAD} rows={() => tableRows(rows, name)}>
      <div className="plot-holder">
        <Plot options={options} data={data} height={height} />
        {at && pointed && (
          <Tip at={at} title={name(pointed.bucket)}>
            <Reading row={pointed} metric={metric} name={name} />
          </Tip>
        )}
      </div>
      <Legend metric={metric} compared={compared} partial={rows.some((row) => row.partial)} />
    </ChartWithTable>
  );
}

interface ReadingProps {
  row: Bucket;
  metric: Metric;
  name: (start: string) => string;
}

function Reading({ row, metric, name }: ReadingProps) {
  const { label, show } = METRIC[metric];
  const before = row.comparison;
  return (
    <>
      <p className="tip-number">
        <b>{show(row[metric])}</b> {label.toLowerCase()}
      </p>
      {before && (
        <p>
          {show(before[metric])} · {name(before.bucket)} ({format.change(change(row[metric], before[metric]))})
        </p>
      )}
      {row.partial && <p>not a whole bucket</p>}
    </>
  );
}

interface LegendProps {
  metric: Metric;
  compared: boolean;
  partial: boolean;
}

function Legend({ metric, compared, partial }: LegendProps) {
  const { compare } = useView();
  return (
    <ul className="legend">
      <li data-line="main">{METRIC[metric].label}</li>
      {compared && <li data-line="before">{compare === "year" ? "A year before" : "Previous period"}</li>}
      {partial && <li data-line="partial">Not a whole bucket: cut by the range, or still running</li>}
      <li className="legend-hint">Drag across the chart to zoom in</li>
    </ul>
  );
}

const HEAD = ["From", ...METRICS.map((metric) => METRIC[metric].label)];

function tableRows(rows: Bucket[], name: (start: string) => string) {
  return rows.toReversed().map((row) => ({
    key: row.bucket,
    cells: [
      row.partial ? `${name(row.bucket)} (not whole)` : name(row.bucket),
      ...METRICS.map((metric) => METRIC[metric].show(row[metric])),
    ],
  }));
}
