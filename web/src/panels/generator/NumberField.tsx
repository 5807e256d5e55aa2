import { TypedField } from "./TypedField";

interface Props {
  label: string;
  value: number;
  min: number;
  max: number;
  disabled: boolean;
  /** Why the value was refused. */
  wrong?: string | undefined;
  onChange: (value: number) => void;
}

export function NumberField({ label, value, min, max, disabled, wrong, onChange }: Props) {
  const inside = (typed: string) => {
    const number = Number(typed);
    return typed.trim() !== "" && number >= min && number <= max ? number : null;
  };
  return (
    <TypedField
      label={label}
      text={String(value)}
      read={inside}
      says={`from ${min.toLocaleString("en")} to ${max.toLocaleString("en")}`}
      wrong={wrong}
      input={{ type: "number", inputMode: "decimal", step: "any", min, max, disabled }}
      onChange={onChange}
    />
  );
}
