import { useState } from "react";
import { useMetric } from "tidemark-client/react";
import type { PageQuery } from "../query";
import { GROUPS, WINDOWS, type Question, type StepField } from "./question";
import { StepEditor } from "./StepEditor";

const KNOWN_VALUES = 50;

interface Props {
  question: Question;
  query: PageQuery;
  seen: boolean;
  onChange: (change: Partial<Question>) => void;
}

/** What the funnel asks, to be changed. */
export function Editor({ question, query, seen, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const known = {
    event_type: useKnown("event_type", query, seen && open),
    page: useKnown("page", query, seen && open),
  };
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Steps and conditions</summary>
      <form className="funnel-editor" onSubmit={(event) => event.preventDefault()}>
        <StepEditor steps={question.steps} known={known} onChange={(steps) => onChange({ steps })} />
        <div className="funnel-conditions">
          <label>
            Within{" "}
            <select
              value={question.window}
              onChange={(event) => onChange({ window: event.currentTarget.value as Question["window"] })}
            >
              {Object.entries(WINDOWS).map(([window, label]) => (
                <option key={window} value={window}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            By{" "}
            <select
              value={question.by ?? ""}
              onChange={(event) => onChange({ by: GROUPS.find((it) => it === event.currentTarget.value) ?? null })}
            >
              <option value="">all users together</option>
              {GROUPS.map((field) => (
                <option key={field} value={field}>
                  {field}
                </option>
              ))}
            </select>
          </label>
        </div>
      </form>
    </details>
  );
}

/** The most frequent values of a field in the range. */
function useKnown(field: StepField, { from, to, tz }: PageQuery, wanted: boolean): string[] {
  const params = { dimension: field, from, to, tz, metrics: ["events"] as const, limit: KNOWN_VALUES };
  const { data } = useMetric("breakdown", wanted ? params : null);
  return (data ?? []).map(({ key }) => key).filter((key) => key !== "");
}
