// Requests to the generator. Whatever goes wrong becomes a sentence.

import type { Change, View } from "./settings";

const DEADLINE_MS = 5_000;

export interface FieldError {
  /** A JSON pointer into what was sent. */
  pointer: string;
  detail: string;
}

export class Refused extends Error {
  constructor(
    message: string,
    readonly fields: FieldError[],
  ) {
    super(message);
  }
}

interface Problem {
  detail?: string;
  errors?: FieldError[];
}

export class Ingestion {
  private readonly url: string;

  constructor(private readonly origin: string) {
    this.url = `${origin}/api/v1/generator`;
  }

  read(signal: AbortSignal): Promise<View> {
    return this.request({ signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]) });
  }

  change(change: Change): Promise<View> {
    return this.request({
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(change),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  }

  private async request(init: RequestInit): Promise<View> {
    // The page's session is a cookie, which goes to every port of its host.
    const response = await fetch(this.url, { ...init, credentials: "include" }).catch(() => null);
    // A browser doesn't tell a daemon that is gone from one that won't talk to this page.
    if (!response) {
      const says = `ingestion (${this.origin}) does not answer, or its CORS_ORIGINS leaves out`;
      throw new Error(`${says} ${location.origin}`);
    }
    const body: unknown = await response.json().catch(() => null);
    if (response.ok && body !== null) return body as View;
    const { detail, errors } = (body ?? {}) as Problem;
    const why = detail ?? (response.statusText || "no reason given");
    throw new Refused(`ingestion answered ${response.status}: ${why}`, errors ?? []);
  }
}
