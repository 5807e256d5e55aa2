import type { Problem } from "./types.js";

/** A refusal by the api or by ingestion, or no answer at all. */
export class TidemarkError extends Error {
  override readonly name = "TidemarkError";
  /** Of HTTP; 0 where there was no answer, or where a socket said it. */
  readonly status: number;
  /** A stable name, such as `invalid_parameter`; ours are `unreachable`, `timeout`,
   *  `malformed_answer` and `unexpected`. */
  readonly code: string;
  /** What was wrong and what to do, for a person. */
  readonly detail: string;
  /** The parameter that can't be as it is. */
  readonly parameter?: string;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
  /** The whole body, with members such as `allowed` and `nearest`. */
  readonly problem: Readonly<Partial<Problem>>;

  constructor(status: number, problem: Partial<Problem>, options: Details = {}) {
    const detail = problem.detail ?? problem.title ?? `answered with status ${status}`;
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.code = problem.code ?? `http_${status}`;
    this.detail = detail;
    this.problem = problem;
    if (problem.parameter !== undefined) this.parameter = problem.parameter;
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }

  /** Of whatever was thrown. */
  static from(cause: unknown): TidemarkError {
    if (cause instanceof TidemarkError) return cause;
    return new TidemarkError(0, { code: "unexpected", detail: String(cause) }, { cause });
  }
}

interface Details {
  retryAfter?: number;
  cause?: unknown;
}
