// The profiles' parameters, and the ones a new kind begins with.

import type { Kind, Profile, Stage } from "./settings";

export const KINDS: Record<Kind, string> = {
  constant: "constant: the rate above",
  ramp: "ramp: from one rate to another, then that",
  sine: "sine: up and down between two rates",
  burst: "burst: a peak at the start of each period",
  stages: "stages: one rate after the other",
};

/** Numbers a profile is made of, in the order in which they are asked for. */
export const PARAMETERS: Record<Exclude<Kind, "stages">, [name: string, label: string][]> = {
  constant: [],
  ramp: [
    ["from", "From, events/s"],
    ["to", "To, events/s"],
    ["seconds", "Seconds"],
  ],
  sine: [
    ["min", "Least, events/s"],
    ["max", "Most, events/s"],
    ["period", "Period, seconds"],
  ],
  burst: [
    ["base", "Base, events/s"],
    ["peak", "Peak, events/s"],
    ["every", "Every, seconds"],
    ["length", "Peak’s length, seconds"],
  ],
};

/** A profile of this kind round the present rate. */
export function begun(kind: Kind, rate: number): Profile {
  const about = Math.max(rate, 1);
  switch (kind) {
    case "constant":
      return { kind };
    case "ramp":
      return { kind, from: about, to: about * 2, seconds: 60 };
    case "sine":
      return { kind, min: about / 2, max: about * 2, period: 60 };
    case "burst":
      return { kind, base: about, peak: about * 5, every: 30, length: 5 };
    case "stages":
      return { kind, stages: [1, 2, 1].map((times) => ({ rate: about * times, seconds: 30 })) };
  }
}

export function stagesText(stages: Stage[]): string {
  return stages.map(({ rate, seconds }) => `${rate}x${seconds}`).join(", ");
}

/** `1000x10, 5000x20`: events per second, seconds; null for what isn't that. */
export function stagesOf(text: string): Stage[] | null {
  const parts = text.split(",").map((part) => /^\s*([\d.]+)\s*[x×]\s*([\d.]+)\s*$/.exec(part));
  const stages = parts.map((part) => ({ rate: Number(part?.[1]), seconds: Number(part?.[2]) }));
  const whole = stages.every(({ rate, seconds }) => Number.isFinite(rate) && Number.isFinite(seconds));
  return whole ? stages : null;
}
