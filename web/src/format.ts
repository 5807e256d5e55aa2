// Numbers and times as a person reads them. Absent values are an en dash.

export const NONE = "–";

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

type Maybe = number | null | undefined;

function known(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

export function count(value: Maybe): string {
  return known(value) ? grouped.format(value) : NONE;
}

/** A share from 0 to 1. */
export function percent(share: Maybe): string {
  return known(share) ? `${Number((share * 100).toPrecision(3))} %` : NONE;
}

/** A share in a table or a tile: one decimal, so that columns line up. */
export function share(share: Maybe): string {
  return known(share) ? `${tenths.format(share * 100)} %` : NONE;
}

/** A quotient: two decimals. */
export function ratio(value: Maybe): string {
  return known(value) ? hundredths.format(value) : NONE;
}

/** How much more or less, with its sign; from eleven times on how many times as much. */
export function change(share: Maybe): string {
  if (!known(share)) return NONE;
  if (share >= 9.995) return `×${grouped.format(1 + share)}`;
  const size = Math.abs(share * 100);
  const text = size < 99.95 ? tenths.format(size) : grouped.format(size);
  const sign = text === "0.0" ? "±" : share < 0 ? "−" : "+";
  return `${sign}${text} %`;
}

/** For axes: 1.2K, 3M. */
export function short(value: Maybe): string {
  return known(value) ? compact.format(value) : NONE;
}

/** Events per second: one decimal below 100. */
export function rate(value: Maybe): string {
  if (!known(value)) return NONE;
  return value !== 0 && Math.abs(value) < 99.95 ? tenths.format(value) : grouped.format(value);
}

/** A decimal string of any size, grouped and cut to two decimals, rounded half away from zero. */
export function decimal(text: string | null | undefined): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text ?? "");
  if (!match) return NONE;
  const [, sign = "", whole = "0", fraction = ""] = match;
  const digits = fraction.padEnd(3, "0");
  let cents = BigInt(whole) * 100n + BigInt(digits.slice(0, 2));
  if (digits.charCodeAt(2) >= 0x35) cents += 1n;
  const units = (cents / 100n).toLocaleString("en");
  const minus = sign && cents !== 0n ? "−" : "";
  return `${minus}${units}.${(cents % 100n).toString().padStart(2, "0")}`;
}

export function bytes(value: Maybe): string {
  if (!known(value)) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  const number = unit === 0 || scaled >= 99.95 ? grouped.format(scaled) : tenths.format(scaled);
  return `${number} ${units[unit]}`;
}

/** A span given in milliseconds. */
export function span(ms: Maybe): string {
  if (!known(ms)) return NONE;
  if (ms < 99.95) return `${tenths.format(ms)} ms`;
  if (ms < 999.5) return `${grouped.format(ms)} ms`;
  if (ms < 119_500) return `${tenths.format(ms / 1000)} s`;
  if (ms < 7_170_000) return `${grouped.format(ms / 60_000)} min`;
  return `${tenths.format(ms / 3_600_000)} h`;
}

/** `dead_lettered` → `dead lettered`. */
export function words(code: string): string {
  return code.replaceAll("_", " ");
}

export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}
