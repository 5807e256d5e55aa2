// Requests to the api and to ingestion. Whatever goes wrong becomes a sentence.

const DEADLINE_MS = 10_000;

/** A refusal or a failure, in words. */
export class Failure extends Error {
  constructor(
    message: string,
    /** No answer came at all. */
    readonly unreachable = false,
  ) {
    super(message);
  }
}

interface Problem {
  title?: string;
  detail?: string;
}

export async function getData<T>(path: string): Promise<T> {
  const body = await request<{ data: T }>(path, "the api");
  return body.data;
}

export async function request<T>(url: string, whom: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
  } catch (error) {
    throw new Failure(unreachable(error, whom), true);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Failure(refused(response, body as Problem | null, whom));
  if (body === null) throw new Failure(`${whom} answered with something that is not JSON`);
  return body as T;
}

function unreachable(error: unknown, whom: string): string {
  const late = error instanceof DOMException && error.name === "TimeoutError";
  return late ? `${whom} has not answered for 10 seconds` : `${whom} does not answer`;
}

function refused(response: Response, problem: Problem | null, whom: string): string {
  const detail = problem?.detail ?? problem?.title ?? response.statusText;
  const later = response.headers.get("Retry-After");
  const again = later ? `; try again in ${later} s` : "";
  return `${whom} answered ${response.status}: ${detail || "no reason given"}${again}`;
}

export interface PageConfig {
  /** Where the generator is controlled, without a slash at the end. */
  ingestion: string;
  version: string | null;
}

/** Ingestion is beside the api unless that says otherwise. */
export async function pageConfig(): Promise<PageConfig> {
  const beside = `${location.protocol}//${location.hostname}:3002`;
  const config = await request<{ ingestion_url?: string | null; version?: string }>(
    "/config.json",
    "the api",
  ).catch(() => ({ ingestion_url: null, version: undefined }));
  return {
    ingestion: (config.ingestion_url || beside).replace(/\/$/, ""),
    version: config.version ?? null,
  };
}

interface HealthReport {
  dependencies?: Record<string, { status: string; error?: string }>;
}

/** Why there is no live connection, as far as the api can still say; else null. */
export async function whyNotReady(): Promise<string | null> {
  try {
    const response = await fetch("/health/ready", { signal: AbortSignal.timeout(3_000) });
    const report = (await response.json()) as HealthReport;
    const down = Object.entries(report.dependencies ?? {}).filter(([, it]) => it.status !== "up");
    if (down.length === 0) return null;
    return down.map(([name, it]) => `${name} is not usable${it.error ? ` (${it.error})` : ""}`).join(", ");
  } catch {
    return null;
  }
}
