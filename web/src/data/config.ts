import { useEffect, useState } from "react";

const DEADLINE_MS = 10_000;

interface PageConfig {
  /** Where events are sent and the generator is controlled, without a slash at the end. */
  ingestion: string;
  version: string | null;
}

async function read(): Promise<PageConfig> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const ask = async () => (await fetch("/config.json", { signal })).json();
  const config = (await ask().catch(() => ({}))) as { ingestion_url?: string | null; version?: string };
  // Ingestion is beside the api unless that says otherwise.
  const beside = `${location.protocol}//${location.hostname}:3002`;
  return {
    ingestion: (config.ingestion_url || beside).replace(/\/$/, ""),
    version: config.version ?? null,
  };
}

/** Null until it is known. */
export function usePageConfig(): PageConfig | null {
  const [config, setConfig] = useState<PageConfig | null>(null);
  useEffect(() => {
    void read().then(setConfig);
  }, []);
  return config;
}
