import { useState } from "react";
import { Dialog } from "../parts/Dialog";
import { custom, lengthMs } from "../state/range";
import { changeView, useView, useZone } from "../state/view";
import { fromLocalInput, toLocalInput } from "../state/zone";

interface Props {
  open: boolean;
  onClose: () => void;
}

export function CustomRange({ open, onClose }: Props) {
  return (
    <Dialog name="custom-range" title="From one moment to another" open={open} onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { range } = useView();
  const zone = useZone();
  const now = Date.now();
  const [start, end] =
    "preset" in range ? [now - lengthMs(range), now] : [Date.parse(range.from), Date.parse(range.to)];
  const [from, setFrom] = useState(toLocalInput(start, zone));
  const [to, setTo] = useState(toLocalInput(end, zone));
  const instant = (text: string) => {
    const at = fromLocalInput(text, zone);
    return at === null ? null : new Date(at).toISOString();
  };
  const chosen = custom(instant(from), instant(to));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!chosen) return;
        changeView({ range: chosen });
        onClose();
      }}
    >
      <div className="fields">
        <label>
          From
          <input
            data-first
            type="datetime-local"
            required
            value={from}
            onChange={(event) => setFrom(event.target.value)}
          />
        </label>
        <label>
          To, not included
          <input type="datetime-local" required value={to} onChange={(event) => setTo(event.target.value)} />
        </label>
      </div>
      <p className="aside">Times in {zone}.</p>
      <p className="problem" role="alert">
        {chosen ? "" : "The first moment must lie before the second."}
      </p>
      <div className="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" disabled={!chosen}>
          Show
        </button>
      </div>
    </form>
  );
}
