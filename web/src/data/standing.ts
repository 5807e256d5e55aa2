// How the page stands with the api, from all that is asked: what fails, since when, and how far the
// numbers are complete.

import { useSyncExternalStore } from "react";
import type { Heartbeat, Meta, TidemarkError } from "tidemark-client";
import { inWords } from "./words";

interface Standing {
  /** Unix milliseconds of the last answer. */
  answeredAt: number | null;
  /** Unix milliseconds; every event accepted before it is counted. */
  watermark: number | null;
  /** By how many milliseconds the api's clock is ahead of this browser's. */
  ahead: number;
  /** Why numbers are old, while they are. */
  trouble: string | null;
}

let standing: Standing = { answeredAt: null, watermark: null, ahead: 0, trouble: null };
const listeners = new Set<() => void>();

function change(part: Partial<Standing>): void {
  standing = { ...standing, ...part };
  for (const listener of listeners) listener();
}

export function useStanding(): Standing {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => standing,
  );
}

/** The highest that was said: answers arrive in any order. */
export function reached(watermark: string | null | undefined): void {
  const at = Date.parse(watermark ?? "");
  if (!Number.isNaN(at) && at > (standing.watermark ?? 0)) change({ watermark: at });
}

let last: Heartbeat | undefined;

/** As soon as it has come: it tells what the api's clock shows. One that was heard before tells it no
 *  more. */
export function heard(heartbeat: Heartbeat): void {
  if (heartbeat === last) return;
  last = heartbeat;
  const { watermark, at } = heartbeat;
  const ahead = Date.parse(at) - Date.now();
  if (!Number.isNaN(ahead)) change({ ahead });
  reached(watermark);
}

export function succeeded(meta: Meta): void {
  change({ answeredAt: Date.now(), trouble: null });
  reached(meta.watermark);
}

/** A refusal of one question is that question's matter; this is for what concerns all of them. */
export function failed(error: TidemarkError): void {
  if (error.status !== 0 && error.status < 500) return;
  const first = standing.trouble === null;
  change({ trouble: standing.trouble ?? inWords(error) });
  if (first) void explain();
}

async function explain(): Promise<void> {
  const cause = await whatIsDown();
  if (cause !== null && standing.trouble !== null) change({ trouble: `${standing.trouble}; ${cause}` });
}

interface HealthReport {
  dependencies?: Record<string, { status: string; error?: string }>;
}

/** What the api itself says is wrong; null where nothing is, or where it can't be asked. */
async function whatIsDown(): Promise<string | null> {
  try {
    const response = await fetch("/health", { signal: AbortSignal.timeout(3_000) });
    const report = (await response.json()) as HealthReport;
    const down = Object.entries(report.dependencies ?? {}).filter(([, it]) => it.status !== "up");
    if (down.length === 0) return null;
    return down.map(([name, it]) => `${name} is not usable${it.error ? ` (${it.error})` : ""}`).join(", ");
  } catch {
    return null;
  }
}
