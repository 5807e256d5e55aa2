import { useState, type FormEvent } from "react";
import { useMetric } from "tidemark-client/react";
import { useSettled } from "../parts/useSettled";
import { DIMENSIONS, OPS, OP_WORDS, fieldWord, typedValues, type Dimension, type Op } from "../state/filters";
import { bounds } from "../state/range";
import { changeView, useView } from "../state/view";

const FIELDS = [...DIMENSIONS, "user_id", "session_id"] as const;
const PROPERTY = "properties";

/** Any filter that the api knows: breakdowns set only those of one value. */
export function FilterForm({ close }: { close: () => void }) {
  const [field, setField] = useState<string>("page");
  const [property, setProperty] = useState("");
  const [op, setOp] = useState<Op>("is");
  const [text, setText] = useState("");
  const known = op === "matches" ? undefined : DIMENSIONS.find((dimension) => dimension === field);
  const named = field === PROPERTY ? `properties.${property.trim()}` : field;
  const suggested = useSuggested(known ?? null, text);
  const values = typedValues(op, text, suggested);
  const complete = named !== "properties." && values.length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!complete) return;
    changeView((view) => ({ filters: [...view.filters, { field: named, op, values }] }));
    close();
  };
  return (
    <form className="filter-form" onSubmit={submit}>
      <label>
        Field
        <select value={field} onChange={(event) => setField(event.target.value)}>
          {FIELDS.map((it) => (
            <option key={it} value={it}>
              {fieldWord(it)}
            </option>
          ))}
          <option value={PROPERTY}>Property…</option>
        </select>
      </label>
      {field === PROPERTY && (
        <label>
          Name of the property
          <input
            value={property}
            placeholder="plan or cart.currency"
            onChange={(event) => setProperty(event.target.value)}
          />
        </label>
      )}
      <label>
        Test
        <select value={op} onChange={(event) => setOp(event.target.value as Op)}>
          {OPS.map((it) => (
            <option key={it} value={it}>
              {OP_WORDS[it]}
            </option>
          ))}
        </select>
      </label>
      <label>
        {op === "matches" ? "Regular expression" : "Values, with commas between them"}
        <input
          value={text}
          placeholder={op === "matches" ? "^/blog/" : "empty: none"}
          list={known ? "filter-values" : undefined}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <datalist id="filter-values">
        {suggested.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      <button type="submit" disabled={!complete}>
        Add
      </button>
    </form>
  );
}

const SUGGESTED = 20;
const TYPING_MS = 250;

/** What the browser offers for completion: the biggest values that hold what is typed. */
function useSuggested(dimension: Dimension | null, search: string): string[] {
  const { range } = useView();
  const settled = useSettled(search.trim(), TYPING_MS);
  const question = dimension && { ...bounds(range), dimension, limit: SUGGESTED, search: settled || undefined };
  const { data } = useMetric("breakdown", question);
  return (data ?? []).map(({ key }) => key).filter((key) => key !== "");
}
