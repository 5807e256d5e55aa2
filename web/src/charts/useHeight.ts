import { useSyncExternalStore } from "react";

const STEPS: [query: string, height: number][] = [
  ["(min-width: 3200px)", 460],
  ["(min-width: 1600px)", 360],
];
const USUAL = 280;

function watch(changed: () => void): () => void {
  const queries = STEPS.map(([query]) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", changed);
  return () => {
    for (const query of queries) query.removeEventListener("change", changed);
  };
}

/** Of the main chart, in pixels: more where the window is wide. */
export function useHeight(): number {
  return useSyncExternalStore(watch, () => STEPS.find(([query]) => matchMedia(query).matches)?.[1] ?? USUAL);
}
