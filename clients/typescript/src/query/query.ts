// The query API, one method per route.

import type { Field } from "../filters.js";
import { body, parsed, request, text, type Fetch, type RequestOptions, type RetryOptions } from "../http.js";
import { TidemarkError } from "../error.js";
import type {
  Answer,
  Audit,
  BreakdownRow,
  DeadLetter,
  Event,
  Funnel,
  Metadata,
  Metric,
  Pipeline,
  QueryAnswer,
  Realtime,
  Retention,
  Session,
  SessionPath,
  Summary,
  TimeseriesGroup,
  TimeseriesRow,
  UsualMetric,
} from "../types.js";
import { Answers, type AnswersOptions } from "./answers.js";
import {
  queryString,
  type BreakdownParams,
  type ExportParams,
  type FunnelParams,
  type PageParams,
  type QueryBody,
  type RealtimeParams,
  type RetentionParams,
  type SessionParams,
  type SummaryParams,
  type TimeseriesParams,
} from "./params.js";

export interface QueryOptions {
  fetch: Fetch;
  /** Up to and without `/api/v1`. */
  url: string;
  retry: RetryOptions;
  answers?: AnswersOptions;
}

/** Every method asks once per call, tries again on 429 and 503 as far as `retry` allows, and
 *  rejects with a `TidemarkError`, or with the signal's reason. */
export class Query {
  private readonly answers: Answers;
  private readonly base: string;

  constructor(private readonly options: QueryOptions) {
    this.answers = new Answers(options.answers);
    this.base = `${options.url}/api/v1`;
  }

  summary<const M extends Metric = Metric>(
    params: SummaryParams<M> = {},
    options?: RequestOptions,
  ): Promise<Answer<Summary<M>>> {
    return this.get("/metrics/summary", params, options);
  }

  timeseries<const M extends Metric = UsualMetric>(
    params: TimeseriesParams<M> & { group_by: Field },
    options?: RequestOptions,
  ): Promise<Answer<TimeseriesGroup<M>[]>>;
  timeseries<const M extends Metric = UsualMetric>(
    params?: TimeseriesParams<M> & { group_by?: undefined },
    options?: RequestOptions,
  ): Promise<Answer<TimeseriesRow<M>[]>>;
  timeseries<M extends Metric>(params: TimeseriesParams<M> = {}, options?: RequestOptions) {
    return this.get("/metrics/timeseries", params, options);
  }

  breakdown<const M extends Metric = UsualMetric>(
    params: BreakdownParams<M>,
    options?: RequestOptions,
  ): Promise<Answer<BreakdownRow<M>[]>> {
    return this.get("/metrics/breakdown", params, options);
  }

  realtime(params: RealtimeParams = {}, options?: RequestOptions): Promise<Answer<Realtime>> {
    return this.get("/metrics/realtime", params, options);
  }

  /** One page of stored events, newest first. */
  events(params: PageParams = {}, options?: RequestOptions): Promise<Answer<Event[]>> {
    return this.get("/events", params, options);
  }

  /** All events of a range, newest first, asked for by the page. */
  allEvents(params: PageParams = {}, options?: RequestOptions): AsyncGenerator<Event, void> {
    return pages((cursor) => this.events({ limit: 1_000, ...params, ...cursor }, options));
  }

  funnel(params: FunnelParams, options?: RequestOptions): Promise<Answer<Funnel>> {
    return this.post("/funnel", params, options);
  }

  retention(params: RetentionParams = {}, options?: RequestOptions): Promise<Answer<Retention>> {
    return this.get("/retention", params, options);
  }

  /** One page of sessions, newest first. */
  sessions(params: PageParams = {}, options?: RequestOptions): Promise<Answer<Session[]>> {
    return this.get("/sessions", params, options);
  }

  /** All sessions of a range, asked for by the page. */
  allSessions(params: PageParams = {}, options?: RequestOptions): AsyncGenerator<Session, void> {
    return pages((cursor) => this.sessions({ limit: 1_000, ...params, ...cursor }, options));
  }

  /** A session with its events in their order; 404 where it isn't known. */
  session(
    id: string,
    params: SessionParams = {},
    options?: RequestOptions,
  ): Promise<Answer<SessionPath>> {
    return this.get(`/sessions/${encodeURIComponent(id)}`, params, options);
  }

  metadata(params: object = {}, options?: RequestOptions): Promise<Answer<Metadata>> {
    return this.get("/metadata", params, options);
  }

  pipeline(params: object = {}, options?: RequestOptions): Promise<Answer<Pipeline>> {
    return this.get("/pipeline", params, options);
  }

  /** `raw` counts the rows too, which takes longer the more there are. */
  audit(params: { raw?: boolean } = {}, options?: RequestOptions): Promise<Answer<Audit>> {
    return this.get("/audit", params, options);
  }

  deadLetters(
    params: { limit?: number } = {},
    options?: RequestOptions,
  ): Promise<Answer<DeadLetter[]>> {
    return this.get("/dead-letters", params, options);
  }

  /** A question as one JSON document; the answer holds it as it was understood. */
  run(question: QueryBody, options?: RequestOptions): Promise<QueryAnswer> {
    return this.post("/query", question, options);
  }

  /** Where all events of a range can be downloaded; they are streamed. */
  exportUrl(params: ExportParams = {}): string {
    return `${this.base}/events/export${queryString(params)}`;
  }

  private async get<A extends Answer<unknown>>(
    path: string,
    params: object,
    options: RequestOptions = {},
  ): Promise<A> {
    const url = `${this.base}${path}${queryString(params)}`;
    const etag = this.answers.etag(url);
    const headers: Record<string, string> = { Accept: "application/json" };
    if (etag !== undefined) headers["If-None-Match"] = etag;
    const { fetch, retry } = this.options;
    const response = await request(fetch, url, { headers, signal: options.signal }, retry);
    if (response.status !== 304) return this.kept(url, response, options.signal);
    const known = this.answers.text(url);
    // Pushed out by others meanwhile: without an ETag there is a whole answer.
    if (known === undefined) return this.get(path, params, options);
    const answer = JSON.parse(known) as A;
    answer.meta.watermark = response.headers.get("Watermark") ?? answer.meta.watermark;
    return answer;
  }

  private async kept<A>(url: string, response: Response, signal?: AbortSignal): Promise<A> {
    const whole = await text(response, signal);
    const answer = parsed<A>(whole, response.status);
    this.answers.keep(url, response.headers.get("ETag"), whole);
    return answer;
  }

  private async post<A>(path: string, question: object, options: RequestOptions = {}): Promise<A> {
    const init = {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify(question),
      signal: options.signal,
    };
    const { fetch, retry } = this.options;
    return body(await request(fetch, `${this.base}${path}`, init, retry), options.signal);
  }
}

async function* pages<T>(
  page: (cursor: { cursor?: string }) => Promise<Answer<T[]>>,
): AsyncGenerator<T, void> {
  let cursor: string | null | undefined;
  do {
    const { data, meta } = await page(cursor ? { cursor } : {});
    yield* data;
    if (meta.next_cursor && meta.next_cursor === cursor) throw endless();
    cursor = meta.next_cursor;
  } while (cursor);
}

function endless(): TidemarkError {
  const detail = "the answer's next_cursor is the one that was asked with";
  return new TidemarkError(0, { code: "malformed_answer", detail });
}
