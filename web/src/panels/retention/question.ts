// What the retention view asks. Its range is its own: the last periods, whatever the page looks at,
// for a cohort needs periods after its own.

import type { RetentionParams } from "tidemark-client";
import type { PageQuery } from "../query";

export type Period = "day" | "week" | "month";

/** How many cohorts, as many periods each. */
export const COHORTS = 8;

const DAYS: Record<Period, number> = { day: 1, week: 7, month: 31 };

export function read(text: string | null): Period {
  return text !== null && Object.hasOwn(DAYS, text) ? (text as Period) : "day";
}

export function paramsOf(period: Period, { tz, filter }: Pick<PageQuery, "tz" | "filter">): RetentionParams {
  const from = `now-${(COHORTS - 1) * DAYS[period]}d`;
  return { period, periods: COHORTS, from, to: "now", tz, filter };
}
