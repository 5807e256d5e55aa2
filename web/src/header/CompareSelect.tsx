import { COMPARISONS, changeView, useView, type Comparison } from "../state/view";

const WORDS: Record<Comparison, string> = {
  off: "No comparison",
  previous: "Against the period before",
  year: "Against a year before",
};

export function CompareSelect() {
  const { compare } = useView();
  return (
    <select
      aria-label="Comparison"
      value={compare}
      onChange={(event) => changeView({ compare: event.target.value as Comparison })}
    >
      {COMPARISONS.map((comparison) => (
        <option key={comparison} value={comparison}>
          {WORDS[comparison]}
        </option>
      ))}
    </select>
  );
}
