// What the retention view asks. Its range is its own: the last periods, whatever the page looks at,
// for a cohort needs periods after its own.

import type { RetentionParams } from "tidemark-client";
import type { PageQuery } from "../query";

export const PERIODS = ["day", "week", "month"] as const;
export type Period = (typeof PERIODS)[number];

/** How many cohorts, as many periods each. */
export const COHORTS = 8;

export function read(text: string | null): Period {
  return PERIODS.find((period) => period === text) ?? "day";
}

export function paramsOf(period: Period, { tz, filter }: Pick<PageQuery, "tz" | "filter">): RetentionParams {
  return { period, periods: COHORTS, tz, filter };
}
