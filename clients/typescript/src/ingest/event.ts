// An event as it is sent.

/** What was tracked. Ids and times that are absent are given when it is tracked, so that
 *  however often it is sent, it is counted once. */
export interface NewEvent {
  /** A UUID. */
  event_id?: string | undefined;
  /** A lower-case letter, then up to 63 of a-z, 0-9, _ and . */
  event_type: string;
  /** RFC 3339, at most 365 days ago and 10 minutes ahead. */
  occurred_at?: string | Date | undefined;
  /** 1 to 128 characters, as `session_id`. */
  user_id: string;
  session_id?: string | undefined;
  /** At most 2048 characters, as `referrer`. */
  page?: string | undefined;
  referrer?: string | undefined;
  /** ISO 3166-1 alpha-2, upper-case. */
  country?: string | undefined;
  device?: string | undefined;
  browser?: string | undefined;
  os?: string | undefined;
  /** At most 6 decimals; as text it is exact whatever its size. */
  value?: number | string | undefined;
  /** Whole and not negative. */
  duration_ms?: number | undefined;
  properties?: Record<string, unknown> | undefined;
}

/** The event's line of NDJSON and what it is known by. */
export interface Line {
  id: string;
  json: string;
  bytes: number;
}

const UTF8 = new TextEncoder();

/** Gives the event its id and its time.
 *  @throws {TypeError} for what JSON can't hold, such as a cycle or a BigInt. */
export function line(event: NewEvent, now = Date.now()): Line {
  const id = event.event_id ?? uuidV7(now);
  const occurred_at = event.occurred_at ?? new Date(now);
  return parsed(id, JSON.stringify({ ...event, event_id: id, occurred_at }));
}

/** The line of an event that was written down before. */
export function parsed(id: string, json: string): Line {
  return { id, json, bytes: UTF8.encode(json).length + 1 };
}

/** RFC 9562: milliseconds, then 74 random bits; in the order of time. */
export function uuidV7(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(now / 2 ** 32));
  view.setUint32(2, now >>> 0);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const parts = [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]] as const;
  return parts.map(([from, to]) => hex.slice(from, to)).join("-");
}
