import type { ReactNode } from "react";

export type Cell = string | ReactNode;

interface Props {
  /** What a screen reader calls the table. */
  label: string;
  head: string[];
  rows: { key: string; cells: Cell[] }[];
  /** How many columns from the left hold words; the others hold numbers. */
  words?: number;
  className?: string;
}

/** A table that scrolls by itself where it is too big; a row's first cell is its header. */
export function Table({ label, head, rows, words = 1, className = "" }: Props) {
  const kind = (column: number) => (column < words ? undefined : "number");
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table className={`data ${className}`}>
        <thead>
          <tr>
            {head.map((name, column) => (
              <th key={name} scope="col" className={kind(column)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, column) =>
                column === 0 ? (
                  <th key={head[column]} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={head[column]} className={kind(column)}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
