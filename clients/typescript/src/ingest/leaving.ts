// What a page tells about its end and its network; nothing anywhere else.

export interface Leaving {
  /** It may never be seen again. */
  hidden(): void;
  /** It is unloaded: for good, or put aside by a browser that may bring it back. */
  gone(forGood: boolean): void;
  online(): void;
}

/** Gives back the function that ends it. */
export function onLeaving(leaving: Leaving): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => {};
  const [view, page] = [window, document];
  const pagehide = (event: PageTransitionEvent) => leaving.gone(!event.persisted);
  const visibility = () => {
    if (page.visibilityState === "hidden") leaving.hidden();
  };
  const online = () => leaving.online();
  view.addEventListener("pagehide", pagehide);
  view.addEventListener("online", online);
  page.addEventListener("visibilitychange", visibility);
  return () => {
    view.removeEventListener("pagehide", pagehide);
    view.removeEventListener("online", online);
    page.removeEventListener("visibilitychange", visibility);
  };
}
