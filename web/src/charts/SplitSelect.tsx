import { DIMENSIONS, fieldWord, type Dimension } from "../state/filters";
import { changeView } from "../state/view";

/** By what the chart is split into lines. */
export function SplitSelect({ value }: { value: Dimension | null }) {
  return (
    <select
      aria-label="Split the chart by"
      value={value ?? ""}
      onChange={(event) => changeView({ by: (event.target.value || null) as Dimension | null })}
    >
      <option value="">Not split</option>
      {DIMENSIONS.map((dimension) => (
        <option key={dimension} value={dimension}>
          By {fieldWord(dimension).toLowerCase()}
        </option>
      ))}
    </select>
  );
}
