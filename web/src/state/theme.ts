// Light, dark, or as the system has it. In the address, and kept for the next visit.

import { useEffect, useSyncExternalStore } from "react";
import { useParam } from "./address";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "tidemark.theme";

function isTheme(text: string | null): text is Theme {
  return (THEMES as readonly (string | null)[]).includes(text);
}

/** Storage may be forbidden: then the choice lasts as long as the address. */
function kept(): Theme {
  try {
    const text = localStorage.getItem(KEPT);
    return isTheme(text) ? text : "auto";
  } catch {
    return "auto";
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // As above.
  }
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [text, setText] = useParam("theme");
  const theme = isTheme(text) ? text : kept();
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const set = (next: Theme) => {
    keep(next);
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
