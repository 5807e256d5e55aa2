import { useState } from "react";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { PRESET, PRESETS } from "../state/range";
import { areOn, turn, useShortcut } from "./shortcuts";

const KEYS: [string, string][] = [
  ...PRESETS.map((preset): [string, string] => [PRESET[preset].key, PRESET[preset].title]),
  ["C", "From one moment to another"],
  ["X", "Comparison on and off"],
  ["Esc", "Clear the filters"],
  ["?", "This help"],
];

export function HelpDialog() {
  const [open, setOpen] = useState(false);
  useShortcut("?", () => setOpen(true));
  return (
    <>
      <button
        type="button"
        className="quiet icon-only"
        aria-label="Help and keys"
        title="Help and keys (?)"
        onClick={() => setOpen(true)}
      >
        <Icon name="help" />
      </button>
      <Dialog name="help" title="Keys" open={open} onClose={() => setOpen(false)}>
        <dl className="keys">
          {KEYS.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <KeysSwitch />
        <p className="aside">
          Everything that is shown is in the page’s address: “back” undoes a step, and a copied address
          shows the same. Drag across the chart to zoom in; click a value in a list to filter by it.
        </p>
        <p className="aside">
          Numbers marked ≈ are estimates; the mark <Icon name="info" /> beside them says how good. The same
          numbers are at <a href="/docs">the API</a>.
        </p>
      </Dialog>
    </>
  );
}

function KeysSwitch() {
  const [on, setOn] = useState(areOn);
  const choose = (next: boolean) => {
    turn(next);
    setOn(next);
  };
  return (
    <label className="aside">
      <input type="checkbox" checked={on} onChange={(event) => choose(event.target.checked)} /> Keys of a
      single character are on
    </label>
  );
}
