// Light, dark, or as the system has it. In the address, and kept for the next visit.

import { useEffect, useSyncExternalStore } from "react";
import { useParam } from "./address";
import { keep, kept } from "./kept";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

function isTheme(text: string | null): text is Theme {
  return (THEMES as readonly (string | null)[]).includes(text);
}

function keptTheme(): Theme {
  const text = kept("theme");
  return isTheme(text) ? text : "auto";
}

function apply(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [text, setText] = useParam("theme");
  const theme = isTheme(text) ? text : keptTheme();
  useEffect(() => apply(theme), [theme]);
  const set = (next: Theme) => {
    keep("theme", next);
    // Before charts are drawn anew: they read their colours from the style sheet.
    apply(next);
    setText(next === "auto" ? "" : next, "replace");
  };
  return [theme, set];
}

const system = "(prefers-color-scheme: dark)";

function watchSystem(listener: () => void): () => void {
  const query = matchMedia(system);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether it is dark now, for what is drawn on a canvas. */
export function useDark(): boolean {
  const [theme] = useTheme();
  const systemIsDark = useSyncExternalStore(watchSystem, () => matchMedia(system).matches);
  return theme === "auto" ? systemIsDark : theme === "dark";
}
