import { useCallback, useEffect, useRef, useState } from "react";
import { TidemarkError } from "../error.js";
import type { Field } from "../filters.js";
import type { Query } from "../query/query.js";
import type { BreakdownParams, SessionParams, SummaryParams, TimeseriesParams } from "../query/params.js";
import type {
  Answer,
  BreakdownRow,
  Meta,
  Metric,
  Summary,
  TimeseriesGroup,
  TimeseriesRow,
  UsualMetric,
} from "../types.js";
import { useTidemark } from "./context.js";

/** Methods of `Query` that take parameters and answer with `data` and `meta`. */
export type PlainKind =
  | "realtime"
  | "events"
  | "funnel"
  | "retention"
  | "sessions"
  | "metadata"
  | "pipeline"
  | "audit"
  | "deadLetters"
  | "run";

type ParamsOf<K extends PlainKind> = NonNullable<Parameters<Query[K]>[0]>;
type DataOf<K extends PlainKind> = Awaited<ReturnType<Query[K]>>["data"];

export interface MetricOptions {
  /** Asks again so many milliseconds after each answer, as long as the page can be seen. */
  refetchInterval?: number | undefined;
  /** Shows the data of other parameters, as stale, until these are answered or refused: true. */
  keepPrevious?: boolean | undefined;
}

export interface MetricResult<T> {
  data: T | undefined;
  meta: Meta | undefined;
  /** Why the last request failed; data of the same parameters stays. */
  error: TidemarkError | undefined;
  /** There is nothing to show yet. */
  loading: boolean;
  /** A request is on its way. */
  fetching: boolean;
  /** The data is of other parameters, or the last request failed. */
  stale: boolean;
  /** Asks now. */
  refetch: () => void;
}

interface Known {
  key: string | null;
  answer: Answer<unknown> | undefined;
  error: TidemarkError | undefined;
}

type Ask = (params: object, options: { signal: AbortSignal }) => Promise<Answer<unknown>>;

/** Asks when the parameters change, by value; `null` as parameters asks nothing. */
export function useMetric<const M extends Metric = Metric>(
  kind: "summary",
  params: SummaryParams<M> | null,
  options?: MetricOptions,
): MetricResult<Summary<M>>;
export function useMetric<const M extends Metric = UsualMetric>(
  kind: "timeseries",
  params: (TimeseriesParams<M> & { group_by: Field }) | null,
  options?: MetricOptions,
): MetricResult<TimeseriesGroup<M>[]>;
export function useMetric<const M extends Metric = UsualMetric>(
  kind: "timeseries",
  params: (TimeseriesParams<M> & { group_by?: undefined }) | null,
  options?: MetricOptions,
): MetricResult<TimeseriesRow<M>[]>;
export function useMetric<const M extends Metric = UsualMetric>(
  kind: "breakdown",
  params: BreakdownParams<M> | null,
  options?: MetricOptions,
): MetricResult<BreakdownRow<M>[]>;
export function useMetric<K extends PlainKind>(
  kind: K,
  params: ParamsOf<K> | null,
  options?: MetricOptions,
): MetricResult<DataOf<K>>;
export function useMetric(
  kind: "summary" | "timeseries" | "breakdown" | PlainKind,
  params: object | null,
  options?: MetricOptions,
): MetricResult<unknown> {
  const { query } = useTidemark();
  const ask: Ask = (params, options) => (query[kind] as Ask).call(query, params, options);
  return useAnswer(kind, params, ask, options);
}

/** A session's path; `null` asks nothing. Without `from` it is looked for in the last 24 hours. */
export function useSession(
  id: string | null,
  params: SessionParams = {},
  options?: MetricOptions,
): MetricResult<Awaited<ReturnType<Query["session"]>>["data"]> {
  const { query } = useTidemark();
  const ask: Ask = (asked, options) => {
    const { id, ...params } = asked as SessionParams & { id: string };
    return query.session(id, params, options);
  };
  const result = useAnswer("session", id === null ? null : { ...params, id }, ask, options);
  return result as ReturnType<typeof useSession>;
}

function useAnswer(
  kind: string,
  params: object | null,
  ask: Ask,
  { refetchInterval, keepPrevious = true }: MetricOptions = {},
): MetricResult<unknown> {
  const key = params === null ? null : `${kind} ${JSON.stringify(params)}`;
  const [known, setKnown] = useState<Known>({ key: null, answer: undefined, error: undefined });
  const [fetching, setFetching] = useState(false);
  const [round, setRound] = useState(0);
  const latest = useRef({ params, ask });
  latest.current = { params, ask };

  useEffect(() => {
    const { params, ask } = latest.current;
    if (key === null || params === null) return undefined;
    const abort = new AbortController();
    let again: (() => void) | undefined;
    setFetching(true);
    ask(params, { signal: abort.signal })
      .then(
        (answer) => setKnown({ key, answer, error: undefined }),
        (cause: unknown) => {
          if (abort.signal.aborted) return;
          const error = TidemarkError.from(cause);
          setKnown((before) => ({ key, answer: before.key === key ? before.answer : undefined, error }));
        },
      )
      .finally(() => {
        if (abort.signal.aborted) return;
        setFetching(false);
        if (refetchInterval === undefined) return;
        again = whenSeen(refetchInterval, () => setRound((round) => round + 1));
      });
    return () => {
      abort.abort();
      again?.();
      setFetching(false);
    };
  }, [key, kind, round, refetchInterval]);

  const refetch = useCallback(() => setRound((round) => round + 1), []);
  const own = known.key === key;
  const answer = key !== null && (own || keepPrevious) ? known.answer : undefined;
  const error = own ? known.error : undefined;
  return {
    data: answer?.data,
    meta: answer?.meta,
    error,
    loading: key !== null && answer === undefined && error === undefined,
    fetching,
    stale: answer !== undefined && (!own || error !== undefined),
    refetch,
  };
}

/** Calls back after so long, or as soon as the page can be seen again; gives back the function
 *  that ends it. */
function whenSeen(ms: number, call: () => void): () => void {
  const shown = () => {
    if (document.visibilityState !== "hidden") call();
  };
  const timer = setTimeout(() => {
    if (document.visibilityState !== "hidden") return call();
    document.addEventListener("visibilitychange", shown, { once: true });
  }, ms);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", shown);
  };
}
