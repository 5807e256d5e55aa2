import type { Meta } from "tidemark-client";
import * as format from "../format";
import { METRIC, isMetric, type Metric } from "../state/metrics";
import { useZone } from "../state/view";
import { moment } from "../time";
import { Icon } from "./Icon";
import { Popover } from "./Popover";

const SOURCES: Record<string, string> = {
  rollup: "sums kept by minute and coarser (rollups)",
  "rollup+raw": "rollups, and stored events where the range cuts a minute",
  raw: "the stored events themselves",
};

function named(metric: string): string {
  return isMetric(metric) ? METRIC[metric].label : format.words(metric);
}

/** Where numbers come from, how far they are complete and which of them are estimates. */
export function About({ meta, what }: { meta: Meta | null; what: string }) {
  const zone = useZone();
  if (!meta) return null;
  const estimates = Object.entries(meta.estimates ?? {});
  return (
    <Popover
      name="about"
      button={<Icon name="info" />}
      label={`About the numbers of ${what}`}
      className="quiet icon-only"
    >
      {() => (
        <dl className="facts">
          <Fact name="Read from" value={SOURCES[meta.source ?? ""] ?? meta.source ?? format.NONE} />
          <Fact name="Complete up to" value={moment(meta.watermark, zone)} />
          <Fact name="From" value={moment(meta.from, zone)} />
          <Fact name="To" value={moment(meta.to, zone)} />
          <Fact name="Time zone" value={meta.tz ?? zone} />
          <Fact
            name="Estimates"
            value={
              estimates.length === 0
                ? "none: every number is exact"
                : estimates.map(([metric, it]) => `${named(metric)} ±${format.percent(it.relative_error)}`).join(", ")
            }
          />
        </dl>
      )}
    </Popover>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A mark on a number that is an estimate. */
export function Estimate({ meta, metric }: { meta: Meta | null; metric: Metric }) {
  const error = meta?.estimates?.[metric]?.relative_error;
  if (error === undefined) return null;
  const text = `estimate, standard error ${format.percent(error)}`;
  return (
    <abbr className="estimate" title={text}>
      <span aria-hidden="true">≈</span>
      <span className="hidden">{text}</span>
    </abbr>
  );
}
