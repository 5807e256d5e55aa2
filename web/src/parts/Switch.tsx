import { useId, type ReactNode } from "react";

export interface Choice<T extends string> {
  value: T;
  label: ReactNode;
  title?: string;
}

interface Props<T extends string> {
  name: string;
  legend: string;
  choices: Choice<T>[];
  value: T | null;
  onChange: (value: T) => void;
}

/** One of a few, side by side. */
export function Switch<T extends string>({ name, legend, choices, value, onChange }: Props<T>) {
  const id = useId();
  return (
    <fieldset className={`switch ${name}`}>
      <legend className="hidden">{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.value} title={choice.title}>
          <input
            type="radio"
            name={id}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
