// What the generator can be told, as ingestion's `GET|PUT /api/v1/generator` names it.

export type Profile =
  | { kind: "constant" }
  | { kind: "ramp"; from: number; to: number; seconds: number }
  | { kind: "sine"; min: number; max: number; period: number }
  | { kind: "burst"; base: number; peak: number; every: number; length: number }
  | { kind: "stages"; stages: Stage[] };

export type Kind = Profile["kind"];

export interface Stage {
  rate: number;
  seconds: number;
}

export const FAULTS = ["duplicates", "late", "out_of_order", "malformed", "skewed"] as const;
export type Fault = (typeof FAULTS)[number];

/** The part of the settings that this page changes. */
export interface Settings {
  running: boolean;
  /** Events per second of the profile `constant`. */
  rate: number;
  profile: Profile;
  arrivals: "uniform" | "poisson";
  day_shape: boolean;
  /** Fractions of the events. */
  faults: Record<Fault, number>;
}

export interface View extends Settings {
  limit: number | null;
  status: {
    wanted_rate: number;
    achieved_rate: number;
    sent: number;
    /** Events of the schedule that were not made. */
    missed: number;
    paused_by: string | null;
    finished: boolean;
  };
}

export type Change = Partial<Omit<Settings, "faults">> & { faults?: Partial<Record<Fault, number>> };

/** Both, where they differ as the second says. */
export function joined(first: Change, second: Change): Change {
  const faults = { ...first.faults, ...second.faults };
  return { ...first, ...second, ...(Object.keys(faults).length > 0 && { faults }) };
}

/** The settings as they will be. */
export function applied<T extends Settings>(settings: T, change: Change): T {
  return { ...settings, ...change, faults: { ...settings.faults, ...change.faults } };
}
