// The newest events. Pausing holds the rows still and lets them go on arriving unseen.

import { byId, setRows, setText, tbodyOf } from "./dom";
import * as format from "./format";
import type { EventRow, EventsFrame } from "./protocol";

const ROWS = 20;

/** Newest first, each once, at most `limit`. */
export function newest(arrived: EventRow[], known: EventRow[], limit = ROWS): EventRow[] {
  const ids = new Set(arrived.map((row) => row.event_id));
  return [...arrived, ...known.filter((row) => !ids.has(row.event_id))].slice(0, limit);
}

export class Tail {
  private rows: EventRow[] = [];
  private sampled = false;
  private paused = false;
  private readonly body = tbodyOf("tail");
  private readonly aside = byId("tail-aside");

  constructor() {
    const button = byId<HTMLButtonElement>("tail-pause");
    button.addEventListener("click", () => {
      this.paused = !this.paused;
      button.setAttribute("aria-pressed", String(this.paused));
      this.draw();
    });
  }

  replace(frame: EventsFrame): void {
    this.rows = [];
    this.add(frame);
  }

  add(frame: EventsFrame): void {
    this.rows = newest(frame.events, this.rows);
    this.sampled = frame.sampled;
    this.draw();
  }

  private draw(): void {
    setText(this.aside, this.describe());
    if (!this.paused) setRows(this.body, this.rows.map(cells));
  }

  private describe(): string {
    if (this.paused) return "paused; new events go on being counted";
    if (this.rows.length === 0) return "nothing stored yet";
    return this.sampled ? "a sample: more arrive than are shown" : "every event is shown";
  }
}

function cells(row: EventRow): string[] {
  return [
    format.time(row.accepted_at),
    row.event_type,
    row.page ?? format.NONE,
    row.user_id,
    row.country ?? format.NONE,
    format.decimal(row.value),
  ];
}
