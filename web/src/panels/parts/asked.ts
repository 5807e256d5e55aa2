import type { Meta, TidemarkError } from "tidemark-client";
import type { MetricResult } from "tidemark-client/react";

export interface Asked<T> {
  data: T | null;
  meta: Meta | null;
  failure: TidemarkError | null;
  /** What is shown answers an earlier question. */
  waiting: boolean;
  again: () => void;
}

/** The client's result as the page's states show it. What failed is asked again by hand only: these
 *  questions are dear, and say nothing about the other numbers. */
export function asked<T>({ data, meta, error, fetching, stale, refetch }: MetricResult<T>): Asked<T> {
  return {
    data: data ?? null,
    meta: meta ?? null,
    failure: error ?? null,
    waiting: fetching && stale,
    again: refetch,
  };
}
