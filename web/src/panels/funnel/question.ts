// What a funnel asks: its steps, how long a user may take, and by what users are told apart. Kept in
// the page's address as text: `event_type:page_view>page:/pricing~1d~country`.

import type { FunnelParams } from "tidemark-client";
import type { PageQuery } from "../query";

export const STEP_FIELDS = { event_type: "Event type", page: "Page" } as const;
export type StepField = keyof typeof STEP_FIELDS;

export interface Step {
  field: StepField;
  value: string;
}

export const WINDOWS = { "30m": "30 minutes", "1h": "1 hour", "1d": "1 day", "7d": "7 days" } as const;
export type Window = keyof typeof WINDOWS;

export const GROUPS = ["country", "device", "browser", "referrer"] as const;
export type GroupField = (typeof GROUPS)[number];

export interface Question {
  steps: Step[];
  window: Window;
  by: GroupField | null;
}

export const FEWEST = 2;
export const MOST = 6;
const LONGEST_NAME = 40;

export const USUAL: Question = {
  steps: ["page_view", "add_to_cart", "purchase"].map((value) => ({ field: "event_type", value })),
  window: "1d",
  by: null,
};

const SEPARATOR = ">";

export function written({ steps, window, by }: Question): string {
  const parts = steps.map(({ field, value }) => `${field}:${escaped(value)}`);
  return [parts.join(SEPARATOR), window, by ?? ""].join("~");
}

function escaped(value: string): string {
  return value.replace(/[%>~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

/** Of a text from the address; what makes no sense becomes the usual question. */
export function read(text: string | null): Question {
  const [steps = "", window = "", by = ""] = (text ?? "").split("~");
  const parsed = steps.split(SEPARATOR).map(stepOf);
  const whole = parsed.filter((step) => step !== null);
  if (whole.length !== parsed.length || whole.length < FEWEST || whole.length > MOST) return USUAL;
  return {
    steps: whole,
    window: Object.hasOwn(WINDOWS, window) ? (window as Window) : USUAL.window,
    by: GROUPS.find((field) => field === by) ?? null,
  };
}

function stepOf(text: string): Step | null {
  const colon = text.indexOf(":");
  const field = text.slice(0, Math.max(colon, 0));
  if (!Object.hasOwn(STEP_FIELDS, field)) return null;
  try {
    return { field: field as StepField, value: decodeURIComponent(text.slice(colon + 1)) };
  } catch {
    return null;
  }
}

/** As the api takes it; null while a step is still empty. */
export function paramsOf({ steps, window, by }: Question, { from, to, tz, filter }: PageQuery): FunnelParams | null {
  if (steps.some(({ value }) => value.trim() === "")) return null;
  return {
    steps: steps.map(({ field, value }) => ({ name: named(value), filter: ["is", field, [value]] })),
    window,
    from,
    to,
    tz,
    ...(filter && { filters: [filter] }),
    ...(by && { by }),
  };
}

/** The api takes names of 128 bytes at most. */
function named(value: string): string {
  return value.length <= LONGEST_NAME ? value : `${value.slice(0, LONGEST_NAME - 1)}…`;
}
