// Moments as the clocks of a zone show them.

import { NONE } from "./format";

const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
    formats.set(key, known);
  }
  return known;
}

type Moment = string | number | null | undefined;

function shown(at: Moment, zone: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(at ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? NONE : format(zone, options).format(date);
}

const HM = { hour: "2-digit", minute: "2-digit" } as const;

/** `21 Nov 2026, 13:05:09` */
export function moment(at: Moment, zone: string): string {
  return shown(at, zone, { day: "numeric", month: "short", year: "numeric", ...HM, second: "2-digit" });
}

/** `13:05:09` */
export function timeOfDay(at: Moment, zone: string): string {
  return shown(at, zone, { ...HM, second: "2-digit" });
}

/** A bucket's start as finely as its width needs: `Sat 21 Nov, 13:05` or `Sat 21 Nov`. */
export function bucket(at: Moment, interval: string | undefined, zone: string): string {
  const day = { weekday: "short", day: "numeric", month: "short" } as const;
  switch (interval) {
    case "1M":
      return shown(at, zone, { month: "long", year: "numeric" });
    case "1w":
      return `Week of ${shown(at, zone, { day: "numeric", month: "short", year: "numeric" })}`;
    case "1d":
      return shown(at, zone, day);
    default:
      return shown(at, zone, { ...day, ...HM });
  }
}

/** From when to when, for a custom range. */
export function span(from: Moment, to: Moment, zone: string): string {
  const day = { day: "numeric", month: "short" } as const;
  const date = (at: Moment) => shown(at, zone, { ...day, year: "numeric" });
  const end = new Date(to ?? Number.NaN).getTime();
  const whole = (at: Moment) => shown(at, zone, HM) === "00:00";
  if (whole(from) && whole(to)) {
    const last = date(end - 1);
    return date(from) === last ? last : `${shown(from, zone, day)} – ${last}`;
  }
  const long = end - new Date(from ?? Number.NaN).getTime() >= DAY_MS;
  const same = !long && shown(from, zone, day) === shown(to, zone, day);
  return `${shown(from, zone, { ...day, ...HM })} – ${shown(to, zone, same ? HM : { ...day, ...HM })}`;
}

/** Ticks of an axis: a date where a day begins, else a time. */
export function ticks(seconds: number[], step: number, zone: string): string[] {
  return seconds.map((second) => {
    const at = second * 1000;
    const time = shown(at, zone, HM);
    if (step >= DAY_MS / 1000 || time === "00:00") return shown(at, zone, { day: "numeric", month: "short" });
    return step < 60 ? timeOfDay(at, zone) : time;
  });
}
