import { useMemo } from "react";
import uPlot from "uplot";
import { color } from "../../charts/color";
import { Plot } from "../../charts/Plot";
import * as format from "../../format";
import { ChartWithTable, TableButton } from "../../parts/ChartWithTable";
import { useDark } from "../../state/theme";
import { useZone } from "../../state/view";
import { ticks, timeOfDay } from "../../time";
import { KEPT_SECONDS, type Sample } from "./history";

const HEIGHT = 140;
const LEAST_SECONDS = 60;
const HEAD = ["Time", "Wanted", "Achieved", "Stored"];

/** Wanted (dashed), achieved and stored events per second over the last five minutes. */
export function RateChart({ history }: { history: Sample[] }) {
  const zone = useZone();
  const dark = useDark();
  // The colours are those of the theme.
  const options = useMemo(() => plotOptions(zone), [zone, dark]);
  const data = useMemo(() => columns(history), [history]);
  const row = ({ at, ...rates }: Sample) => ({
    key: String(at),
    cells: [timeOfDay(at * 1000, zone), ...[rates.wanted, rates.achieved, rates.stored].map(format.rate)],
  });
  return (
    <div className="pipeline-rates">
      <div className="head">
        <h3>Events per second</h3>
        <TableButton id="rates" what="Events per second" />
      </div>
      <ChartWithTable
        id="rates"
        label="Events per second, newest first"
        head={HEAD}
        rows={() => history.toReversed().map(row)}
      >
        <Plot options={options} data={data} height={HEIGHT} />
        <ul className="legend">
          <li data-line="wanted">Wanted</li>
          <li data-line="achieved">Achieved</li>
          <li data-line="stored">Stored</li>
          <li className="legend-hint">As seen since the page was opened, at most five minutes</li>
        </ul>
      </ChartWithTable>
    </div>
  );
}

function columns(history: Sample[]): uPlot.AlignedData {
  return [
    history.map(({ at }) => at),
    history.map(({ wanted }) => wanted),
    history.map(({ achieved }) => achieved),
    history.map(({ stored }) => stored),
  ];
}

function plotOptions(zone: string): Omit<uPlot.Options, "width" | "height"> {
  const axis = {
    stroke: color("--muted"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const line = { points: { show: false }, width: 2 };
  return {
    padding: [8, 30, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { range: lastMinutes }, y: { range: (_, __, top) => [0, Math.max(top ?? 0, 1) * 1.1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 24, values: (_, at, __, ___, step) => ticks(at, step, zone) },
      { ...axis, size: 52, space: 30, values: (_, rates) => rates.map(format.short) },
    ],
    series: [
      {},
      { ...line, stroke: color("--muted"), dash: [6, 4] },
      { ...line, stroke: color("--accent") },
      { ...line, stroke: color("--good") },
    ],
  };
}

/** From a minute, which fills, to all that is kept. */
function lastMinutes(_: uPlot, first: number | null, last: number | null): [number, number] {
  const end = last ?? Date.now() / 1000;
  const span = Math.min(Math.max(end - (first ?? end), LEAST_SECONDS), KEPT_SECONDS);
  return [end - span, end];
}
