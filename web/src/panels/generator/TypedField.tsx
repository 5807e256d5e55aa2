import { useId, useState, type InputHTMLAttributes } from "react";

interface Props<T> {
  label: string;
  className?: string;
  /** The value as it is written. */
  text: string;
  /** `null` for what isn't a value. */
  read: (typed: string) => T | null;
  /** How to write it. */
  says: string;
  /** Why the value was refused. */
  wrong?: string | undefined;
  input?: InputHTMLAttributes<HTMLInputElement>;
  onChange: (value: T) => void;
}

/** A field that follows its value from outside, except while it is being typed into. */
export function TypedField<T>({ label, className, text, read, says, wrong, input, onChange }: Props<T>) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const problem = typed !== null && read(typed) === null ? says : wrong;
  const typing = (now: string) => {
    setTyped(now);
    const value = read(now);
    if (value !== null) onChange(value);
  };
  return (
    <div className={className ? `field ${className}` : "field"}>
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        value={typed ?? text}
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
