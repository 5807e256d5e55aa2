import { useState } from "react";
import { Icon } from "../parts/Icon";
import { Switch } from "../parts/Switch";
import { PRESET, PRESETS } from "../state/range";
import { changeView, useView, useZone } from "../state/view";
import { span } from "../time";
import { CustomRange } from "./CustomRange";
import { useShortcut } from "./shortcuts";

/** The range: one that ends now, or from one moment to another. */
export function RangeSwitch() {
  const { range } = useView();
  const zone = useZone();
  const [choosing, setChoosing] = useState(false);
  useShortcut("C", () => setChoosing(true));
  const choices = PRESETS.map((value) => ({
    value,
    label: PRESET[value].label,
    title: `${PRESET[value].title} (${PRESET[value].key})`,
  }));
  const preset = "preset" in range ? range.preset : null;
  return (
    <div className="range">
      <Switch
        name="range-switch"
        legend="Range of time"
        choices={choices}
        value={preset}
        onChange={(value) => changeView({ range: { preset: value } })}
      />
      <button
        type="button"
        className="range-custom"
        aria-haspopup="dialog"
        aria-pressed={preset === null}
        title="From one moment to another (C)"
        onClick={() => setChoosing(true)}
      >
        <Icon name="calendar" />
        {"preset" in range ? "Custom…" : span(range.from, range.to, zone)}
      </button>
      <CustomRange open={choosing} onClose={() => setChoosing(false)} />
    </div>
  );
}
