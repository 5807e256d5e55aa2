import type { Loaded } from "../data/loaded";
import type { Meta } from "tidemark-client";
import type { Bucket, Summary } from "../data/types";
import * as format from "../format";
import { Sparkline } from "../charts/Sparkline";
import { Estimate } from "../parts/About";
import { Change } from "../parts/Change";
import { METRIC, METRICS, amount, type Metric } from "../state/metrics";
import { changeView, useView } from "../state/view";

interface Props {
  summary: Loaded<Summary>;
  series: Bucket[] | null;
}

/** The range's totals; the one that is pressed is what the chart shows. */
export function Tiles({ summary, series }: Props) {
  const view = useView();
  return (
    <ul className="tiles" aria-busy={summary.waiting}>
      {METRICS.map((metric) => (
        <li key={metric}>
          <Tile
            metric={metric}
            summary={summary.data}
            meta={summary.meta}
            spark={(series ?? []).map((row) => (row.partial ? null : amount(row[metric])))}
            pressed={view.metric === metric}
          />
        </li>
      ))}
    </ul>
  );
}

interface TileProps {
  metric: Metric;
  summary: Summary | null;
  meta: Meta | null;
  spark: (number | null)[];
  pressed: boolean;
}

function Tile({ metric, summary, meta, spark, pressed }: TileProps) {
  const { label, title, show } = METRIC[metric];
  const text = summary ? show(summary[metric]) : format.NONE;
  return (
    <button
      type="button"
      className="tile"
      data-metric={metric}
      title={title}
      aria-pressed={pressed}
      onClick={() => changeView({ metric })}
    >
      <span className="tile-name">{label}</span>
      <span className="tile-number" style={{ "--characters": text.length } as object}>
        <span className="number">{text}</span>
        <Estimate meta={meta} metric={metric} />
      </span>
      {summary?.comparison && (
        <Change metric={metric} now={summary[metric]} before={summary.comparison[metric]} />
      )}
      <Sparkline values={spark} />
    </button>
  );
}
