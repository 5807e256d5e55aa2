// Single keys, while nobody is typing.

import { useEffect, useRef } from "react";
import { keep, kept } from "../state/kept";

/** Who speaks to the page, or presses keys unawares, may want none of a single character. */
export function areOn(): boolean {
  return kept("keys") !== "off";
}

export function turn(on: boolean): void {
  keep("keys", on ? "on" : "off");
}

/** Where keys are text, or choose something. */
function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input:not([type=radio]), select, textarea") !== null;
}

/** What a key press means here; null where it isn't for the page. */
export function meant(event: KeyboardEvent): string | null {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  if (takesKeys(event.target) || document.querySelector("dialog[open]")) return null;
  if (event.key.length > 1) return event.key;
  return areOn() ? event.key.toUpperCase() : null;
}

/** `key` as it is said: `D`, `?`, `Escape`. */
export function useShortcut(key: string, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (meant(event) !== key) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [key]);
}
