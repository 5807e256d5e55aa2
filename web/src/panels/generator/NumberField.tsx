import { useId, useState } from "react";

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

/** A number that follows its value from outside, except while it is being typed. */
export function NumberField({ label, value, min, max, disabled, wrong, onChange }: Props) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? String(value);
  const problem = (typed === null ? undefined : outside(typed, min, max)) ?? wrong;
  const typing = (now: string) => {
    setTyped(now);
    if (outside(now, min, max) === undefined) onChange(Number(now));
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        step="any"
        min={min}
        max={max}
        value={text}
        disabled={disabled}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-wrong`}
        onChange={(event) => typing(event.currentTarget.value)}
        onBlur={() => setTyped(null)}
      />
      {problem !== undefined && (
        <p className="field-wrong" id={`${id}-wrong`}>
          {problem}
        </p>
      )}
    </div>
  );
}

function outside(text: string, min: number, max: number): string | undefined {
  const value = Number(text);
  const inside = text.trim() !== "" && value >= min && value <= max;
  return inside ? undefined : `from ${min.toLocaleString("en")} to ${max.toLocaleString("en")}`;
}
