import type { Meta } from "tidemark-client";
import type { Share } from "../data/types";
import * as format from "../format";
import { Estimate } from "../parts/About";
import { Change } from "../parts/Change";
import { fieldWord, isExactly, toggle, valueWord, type Dimension } from "../state/filters";
import { METRIC } from "../state/metrics";
import { changeView, useView } from "../state/view";
import { LISTED, barLengths, type Listed } from "./shares";

interface Props {
  title: string;
  dimension: Dimension;
  rows: Share[];
  metric: Listed;
  meta: Meta | null;
  /** All metrics beside each other rather than one. */
  wide?: boolean;
}

/** Values with their numbers, over bars as long as their share. */
export function ShareTable({ title, dimension, rows, metric, meta, wide = false }: Props) {
  const shown: readonly Listed[] = wide ? LISTED : [metric];
  const compared = rows.some((row) => row.comparison);
  // Beside another metric the share of events would be taken for that metric's.
  const shares = wide || metric === "events";
  const lengths = barLengths(rows, metric);
  const kind = (it: Listed) => (it === metric ? "number" : "number secondary");
  // Columns are as wide as their longest number, so that names get the rest.
  const width = (it: Listed) => {
    const texts = [METRIC[it].label, ...rows.map((row) => METRIC[it].show(row[it]))];
    return { width: `calc(${Math.max(...texts.map((text) => text.length))}ch + 1.6rem)` };
  };
  return (
    <table className="data shares" data-compared={compared || undefined}>
      <caption className="hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">{fieldWord(dimension)}</th>
          {shown.map((it) => (
            <th key={it} scope="col" className={kind(it)} style={width(it)}>
              {METRIC[it].label} <Estimate meta={meta} metric={it} />
            </th>
          ))}
          {compared && (
            <th scope="col" className="number changed" title={`${METRIC[metric].label} against the range it is compared with`}>
              Change
            </th>
          )}
          {shares && (
            <th scope="col" className="number share" title="Of all events in the range">
              Share
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={row.key}>
            <th scope="row">
              <span className="share-bar" style={{ width: `${(lengths[at] ?? 0) * 100}%` }} />
              <Value dimension={dimension} value={row.key} />
            </th>
            {shown.map((it) => (
              <td key={it} className={kind(it)}>
                {METRIC[it].show(row[it])}
              </td>
            ))}
            {compared && (
              <td className="number changed">
                {row.comparison ? (
                  <Change metric={metric} now={row[metric]} before={row.comparison[metric]} />
                ) : (
                  format.NONE
                )}
              </td>
            )}
            {shares && <td className="number share">{format.share(row.share)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is folded into this one has lost its names. */
const OTHER = "(other)";

function Value({ dimension, value }: { dimension: Dimension; value: string }) {
  const { filters } = useView();
  if (value === OTHER) return <span className="share-value">{value}</span>;
  const active = filters.some((filter) => isExactly(filter, dimension, value));
  const filter = () =>
    changeView((view) => ({ filters: toggle(view.filters, dimension, value), more: null }));
  return (
    <button type="button" className="share-value" aria-pressed={active} title={valueWord(value)} onClick={filter}>
      {valueWord(value)}
    </button>
  );
}
