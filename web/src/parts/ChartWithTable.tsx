import type { ReactNode } from "react";
import { useParam } from "../state/address";
import { Icon } from "./Icon";
import { Table, type Cell } from "./Table";

/** Which charts are shown as tables is part of the address. */
function useAsTable(id: string): [boolean, (asTable: boolean) => void] {
  const [text, setText] = useParam("table");
  const shown = text.split(",").filter(Boolean);
  const set = (asTable: boolean) => {
    const others = shown.filter((it) => it !== id);
    setText((asTable ? [...others, id] : others).join(","));
  };
  return [shown.includes(id), set];
}

export function TableButton({ id, what }: { id: string; what: string }) {
  const [asTable, setAsTable] = useAsTable(id);
  return (
    <button
      type="button"
      className="quiet icon-only"
      aria-pressed={asTable}
      aria-label={`${what} as a table`}
      title={asTable ? "Show the chart" : "Show as a table"}
      onClick={() => setAsTable(!asTable)}
    >
      <Icon name={asTable ? "chart" : "table"} />
    </button>
  );
}

interface Props {
  id: string;
  label: string;
  head: string[];
  /** Asked for only while the table is shown. */
  rows: () => { key: string; cells: Cell[] }[];
  children: ReactNode;
}

/** A chart, or its numbers. */
export function ChartWithTable({ id, label, head, rows, children }: Props) {
  const [asTable] = useAsTable(id);
  if (!asTable) return children;
  return (
    <div className="chart-table">
      <Table label={label} head={head} rows={rows()} />
    </div>
  );
}
