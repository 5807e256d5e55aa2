// Time zones: their names, and moments as their clocks show them.

/** The browser's; UTC where it has none. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

let names: string[] | null = null;

function zoneNames(): string[] {
  names ??= Intl.supportedValuesOf("timeZone");
  return names;
}

/** Names that hold every word of `text`; those that begin with it come first. */
export function searchZones(text: string, most: number): string[] {
  const plain = (it: string) => it.toLowerCase().replaceAll("_", " ");
  const words = plain(text).split(/[\s/]+/).filter(Boolean);
  const first = words[0] ?? "";
  const rank = (name: string) => (plain(name).split("/").some((part) => part.startsWith(first)) ? 0 : 1);
  return zoneNames()
    .filter((name) => words.every((word) => plain(name).includes(word)))
    .map((name, index) => ({ name, index, rank: rank(name) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, most)
    .map((it) => it.name);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string): Intl.DateTimeFormat {
  let known = clocks.get(zone);
  if (!known) {
    known = new Intl.DateTimeFormat("en", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    clocks.set(zone, known);
  }
  return known;
}

/** What a wall clock in the zone shows at `at`, as if it were UTC. */
function wall(at: number, zone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of clock(zone).formatToParts(at)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** For `<input type="datetime-local">`. */
export function toLocalInput(at: number, zone: string): string {
  return new Date(wall(at, zone)).toISOString().slice(0, 16);
}

/** The moment at which the zone's clock shows `text`; where it does so twice, the first; where
 *  the clock jumps over it, as far after the jump. */
export function fromLocalInput(text: string, zone: string): number | null {
  const shown = Date.parse(`${text}Z`);
  if (Number.isNaN(shown)) return null;
  const offset = (at: number) => wall(at, zone) - at;
  const day = 86_400_000;
  const [before, after] = [offset(shown - day), offset(shown + day)];
  const early = shown - Math.max(before, after);
  if (wall(early, zone) === shown) return early;
  const late = shown - Math.min(before, after);
  return wall(late, zone) === shown ? late : shown - before;
}

/** `+01:00`, at that moment. */
export function offsetText(at: number, zone: string): string {
  const whole = Math.floor(at / 1000) * 1000;
  const minutes = Math.round((wall(whole, zone) - whole) / 60_000);
  const two = (it: number) => String(it).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
