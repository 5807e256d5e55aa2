import { MOST_FAULTY } from "./limits";
import { NumberField } from "./NumberField";
import { FAULTS, type Fault } from "./settings";

interface Props {
  faults: Record<Fault, number>;
  disabled: boolean;
  wrong: (pointer: string) => string | undefined;
  onChange: (faults: Partial<Record<Fault, number>>) => void;
}

const LABELS: Record<Fault, string> = {
  duplicates: "Sent twice, %",
  late: "Late, %",
  out_of_order: "Out of order, %",
  malformed: "Malformed, %",
  skewed: "From the future, %",
};

/** Which share of the events is sent with a fault; ingestion takes fractions, people read percent. */
export function FaultFields({ faults, disabled, wrong, onChange }: Props) {
  const together = wrong("/faults");
  return (
    <fieldset className="generator-faults" disabled={disabled}>
      <legend>Faults</legend>
      {FAULTS.map((fault) => (
        <NumberField
          key={fault}
          label={LABELS[fault]}
          value={Number((faults[fault] * 100).toPrecision(6))}
          min={0}
          max={MOST_FAULTY}
          disabled={disabled}
          wrong={wrong(`/faults/${fault}`)}
          onChange={(percent) => onChange({ [fault]: percent / 100 })}
        />
      ))}
      {together !== undefined && <p className="field-wrong">{together}</p>}
    </fieldset>
  );
}
