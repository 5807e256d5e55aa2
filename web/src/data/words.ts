import type { TidemarkError } from "tidemark-client";

const DAEMON = "The api";

/** What went wrong, as a sentence without its full stop. */
export function inWords(error: TidemarkError): string {
  if (error.code === "unreachable") return `${DAEMON} does not answer`;
  if (error.code === "timeout") return `${DAEMON} has not answered in time`;
  if (error.code === "unexpected") return `The page cannot read the answer: ${error.detail}`;
  const later = error.retryAfter === undefined ? "" : `; try again in ${error.retryAfter} s`;
  return `${DAEMON} answered ${error.status}: ${error.detail.replace(/\.$/, "")}${later}`;
}
