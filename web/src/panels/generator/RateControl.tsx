import { useId } from "react";
import * as format from "../../format";
import { MOST_RATE } from "./limits";
import { NumberField } from "./NumberField";
import { positionOf, POSITIONS, rateAt } from "./scale";

interface Props {
  rate: number;
  disabled: boolean;
  wrong: string | undefined;
  onChange: (rate: number) => void;
}

/** One rate, by hand on a logarithmic slider or typed. */
export function RateControl({ rate, disabled, wrong, onChange }: Props) {
  const id = useId();
  return (
    <div className="generator-rate">
      <div className="field">
        <label htmlFor={id}>Rate, logarithmic</label>
        <input
          id={id}
          type="range"
          min={0}
          max={POSITIONS}
          step={1}
          value={positionOf(rate)}
          disabled={disabled}
          aria-valuetext={`${format.rate(rate)} events per second`}
          onChange={(event) => onChange(rateAt(Number(event.currentTarget.value)))}
        />
      </div>
      <NumberField
        label="Events/s"
        value={rate}
        min={0}
        max={MOST_RATE}
        disabled={disabled}
        wrong={wrong}
        onChange={onChange}
      />
    </div>
  );
}
