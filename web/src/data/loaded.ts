// Answers with what they mean for the page as a whole.

import { useEffect } from "react";
import type { Meta, TidemarkError } from "tidemark-client";
import type { MetricResult } from "tidemark-client/react";
import { refused } from "./session";
import { failed, succeeded } from "./standing";

/** Where nothing else asks again. */
const RETRY_MS = 5_000;

export interface Loaded<T> {
  /** The last answer; while another question is being asked, still that to the one before. */
  data: T | null;
  meta: Meta | null;
  /** Why the last attempt failed. */
  failure: TidemarkError | null;
  /** What is shown answers an earlier question. */
  waiting: boolean;
  again: () => void;
}

interface Options {
  /** Slow enough to fail alone: its failure says nothing about the other numbers. */
  alone?: boolean;
}

/** Asked again, it may be answered. */
function passing({ status }: TidemarkError): boolean {
  return status === 0 || status === 429 || status >= 500;
}

/** What failed is tried again until it succeeds. */
export function useLoaded<T>(result: MetricResult<T>, { alone = false }: Options = {}): Loaded<T> {
  const { data, meta, error, loading, stale, refetch } = result;
  useEffect(() => {
    if (meta) succeeded(meta);
  }, [meta]);
  useEffect(() => {
    if (!error) return;
    if (error.status === 401) refused();
    if (!alone) failed(error);
    if (!passing(error)) return;
    const timer = setTimeout(refetch, RETRY_MS);
    return () => clearTimeout(timer);
  }, [error, alone, refetch]);
  return {
    data: data ?? null,
    meta: meta ?? null,
    failure: error ?? null,
    waiting: loading || (stale && !error),
    again: refetch,
  };
}
