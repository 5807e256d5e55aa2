import { useId } from "react";
import { FEWEST, MOST, STEP_FIELDS, type Step, type StepField } from "./question";

interface Props {
  steps: Step[];
  /** Values to choose from, the most frequent first. */
  known: Record<StepField, string[]>;
  onChange: (steps: Step[]) => void;
}

/** The steps in their order: each an event type or a page. */
export function StepEditor({ steps, known, onChange }: Props) {
  const id = useId();
  const changed = (at: number, step: Partial<Step>) =>
    onChange(steps.map((old, index) => (index === at ? { ...old, ...step } : old)));
  return (
    <>
      <ol className="funnel-steps">
        {steps.map((step, at) => (
          // A step is its place: there is nothing else to know it by.
          <li key={at}>
            <select
              aria-label={`Step ${at + 1}: what`}
              value={step.field}
              onChange={(event) => changed(at, { field: event.currentTarget.value as StepField, value: "" })}
            >
              {Object.entries(STEP_FIELDS).map(([field, label]) => (
                <option key={field} value={field}>
                  {label}
                </option>
              ))}
            </select>
            <input
              aria-label={`Step ${at + 1}: value`}
              list={`${id}-${step.field}`}
              value={step.value}
              aria-invalid={step.value.trim() === ""}
              maxLength={2048}
              spellCheck={false}
              onChange={(event) => changed(at, { value: event.currentTarget.value })}
            />
            <button
              type="button"
              aria-label={`Remove step ${at + 1}`}
              disabled={steps.length <= FEWEST}
              onClick={() => onChange(steps.filter((_, index) => index !== at))}
            >
              ✕
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        disabled={steps.length >= MOST}
        onClick={() => onChange([...steps, { field: "event_type", value: "" }])}
      >
        Add a step
      </button>
      {(Object.keys(STEP_FIELDS) as StepField[]).map((field) => (
        <datalist key={field} id={`${id}-${field}`}>
          {known[field].map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      ))}
    </>
  );
}
