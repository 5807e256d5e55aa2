// Filters as the api takes them in its query string: `field:op:value|value`.

export const OPS = ["is", "is_not", "contains", "matches"] as const;
export type Op = (typeof OPS)[number];

export const OP_WORDS: Record<Op, string> = {
  is: "is",
  is_not: "is not",
  contains: "contains",
  matches: "matches",
};

/** Several values are any of them; of `is_not` none of them. */
export interface Filter {
  field: string;
  op: Op;
  values: string[];
}

/** The fields that rollups know; others are read from the rows. */
export const DIMENSIONS = ["page", "referrer", "event_type", "country", "device", "browser", "os"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Rollups answer where one of their dimensions is tested or listed at most; all else is read from
 *  the rows. */
export function fromRollups(filters: Filter[], listed: Dimension | null = null): boolean {
  const fields = new Set(filters.map((filter) => filter.field));
  if (listed) fields.add(listed);
  return fields.size === 0 || (fields.size === 1 && DIMENSIONS.some((dimension) => fields.has(dimension)));
}

const FIELD_WORDS: Record<string, string> = {
  page: "Page",
  referrer: "Referrer",
  event_type: "Event type",
  country: "Country",
  device: "Device",
  browser: "Browser",
  os: "System",
  user_id: "User",
  session_id: "Session",
};

export function fieldWord(field: string): string {
  return FIELD_WORDS[field] ?? field.replace(/^properties\./, "Property ");
}

/** `|` and `\` of a value are escaped. */
export function writeFilter({ field, op, values }: Filter): string {
  const escaped = values.map((value) => value.replace(/[\\|]/g, (sign) => `\\${sign}`));
  return `${field}:${op}:${escaped.join("|")}`;
}

export function readFilter(text: string): Filter | null {
  const match = /^([a-z_]+|properties\.[^:]+):(is|is_not|contains|matches|in):(.*)$/s.exec(text);
  if (match) {
    const [, field = "", op = "", rest = ""] = match;
    return { field, op: op === "in" ? "is" : (op as Op), values: split(rest) };
  }
  const short = /^([a-z_]+|properties\.[^:]+):(.*)$/s.exec(text);
  return short ? { field: short[1] ?? "", op: "is", values: [short[2] ?? ""] } : null;
}

function split(text: string): string[] {
  const values = [""];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (sign === "|") values.push("");
    else values[values.length - 1] += sign === "\\" ? (text[++at] ?? "\\") : sign;
  }
  return values;
}

/** What is typed as values: commas part them, unless it is one of the known values as it is. */
export function typedValues(op: Op, text: string, known: readonly string[]): string[] {
  if (op === "matches" || known.includes(text)) return text === "" ? [] : [text];
  const values = text.split(",").map((it) => it.trim());
  return op === "contains" ? values.filter((it) => it !== "") : values;
}

/** The same field narrowed by `is` takes the new value; a value that is set already goes. */
export function toggle(filters: Filter[], field: string, value: string): Filter[] {
  const set = filters.some((it) => isExactly(it, field, value));
  const others = filters.filter((it) => !(it.field === field && it.op === "is"));
  return set ? others : [...others, { field, op: "is", values: [value] }];
}

export function isExactly(filter: Filter, field: string, value: string): boolean {
  return filter.field === field && filter.op === "is" && filter.values.length === 1 && filter.values[0] === value;
}

/** What stands for a value that is absent. */
export function valueWord(value: string): string {
  return value === "" ? "(none)" : value;
}

export function describe({ field, op, values }: Filter): string {
  return `${fieldWord(field)} ${OP_WORDS[op]} ${values.map(valueWord).join(" or ")}`;
}
