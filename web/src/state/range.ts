// Ranges of time: named ones that end now, and custom ones between two moments.

export const PRESETS = ["15m", "1h", "24h", "7d", "30d"] as const;
type Preset = (typeof PRESETS)[number];

export type Range = { preset: Preset } | { from: string; to: string };

interface PresetFacts {
  label: string;
  /** Spoken and in titles. */
  title: string;
  /** The key on the keyboard. */
  key: string;
  ms: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PRESET: Record<Preset, PresetFacts> = {
  "15m": { label: "15 m", title: "Last 15 minutes", key: "R", ms: 15 * MINUTE },
  "1h": { label: "1 h", title: "Last hour", key: "H", ms: HOUR },
  "24h": { label: "24 h", title: "Last 24 hours", key: "D", ms: DAY },
  "7d": { label: "7 d", title: "Last 7 days", key: "W", ms: 7 * DAY },
  "30d": { label: "30 d", title: "Last 30 days", key: "M", ms: 30 * DAY },
};

export const USUAL: Range = { preset: "24h" };

function isPreset(text: string): text is Preset {
  return (PRESETS as readonly string[]).includes(text);
}

function moment(text: string | null): string | null {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** Two moments in order as a range, else null. */
export function custom(from: string | null, to: string | null): Range | null {
  const [start, end] = [moment(from), moment(to)];
  return start !== null && end !== null && start < end ? { from: start, to: end } : null;
}

export function readRange(params: URLSearchParams): Range {
  const preset = params.get("range") ?? "";
  if (isPreset(preset)) return { preset };
  return custom(params.get("from"), params.get("to")) ?? USUAL;
}

export function writeRange(range: Range, params: URLSearchParams): void {
  for (const name of ["range", "from", "to"]) params.delete(name);
  if (!("preset" in range)) {
    params.set("from", range.from);
    params.set("to", range.to);
  } else if (!sameRange(range, USUAL)) {
    params.set("range", range.preset);
  }
}

function sameRange(a: Range, b: Range): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** As the api takes them. `now` is the end of the running minute there. */
export function bounds(range: Range): { from: string; to: string } {
  return "preset" in range ? { from: `now-${range.preset}`, to: "now" } : { from: range.from, to: range.to };
}

export function lengthMs(range: Range): number {
  return "preset" in range ? PRESET[range.preset].ms : Date.parse(range.to) - Date.parse(range.from);
}

/** Minutes of the ranges that are watched as they move; null of the others. */
export function watchedMinutes(range: Range): number | null {
  const end = "preset" in range ? range.preset : null;
  return end === "15m" ? 15 : end === "1h" ? 60 : null;
}

/** How often its numbers are worth asking for again; null where they no longer move. */
export function refreshMs(range: Range, now: number): number | null {
  if (!("preset" in range) && Date.parse(range.to) < now - HOUR) return null;
  const length = lengthMs(range);
  if (length <= HOUR) return 2_000;
  if (length <= DAY) return 5_000;
  return length <= 7 * DAY ? 15_000 : 60_000;
}
