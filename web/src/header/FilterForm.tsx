import { useState, type FormEvent } from "react";
import { DIMENSIONS, OPS, OP_WORDS, fieldWord, type Op } from "../state/filters";
import { changeView } from "../state/view";

const FIELDS = [...DIMENSIONS, "user_id", "session_id"] as const;
const PROPERTY = "properties";

/** Any filter that the api knows: breakdowns set only those of one value. */
export function FilterForm({ close }: { close: () => void }) {
  const [field, setField] = useState<string>("page");
  const [property, setProperty] = useState("");
  const [op, setOp] = useState<Op>("is");
  const [text, setText] = useState("");
  const named = field === PROPERTY ? `properties.${property.trim()}` : field;
  const complete = named !== "properties." && (text !== "" || op === "is" || op === "is_not");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!complete) return;
    const values = op === "matches" ? [text] : text.split(",").map((it) => it.trim());
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
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <button type="submit" disabled={!complete}>
        Add
      </button>
    </form>
  );
}
