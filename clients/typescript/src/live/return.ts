/** Calls back when the network is there again, or a page can be seen again whose timers its
 *  browser has slowed down. Gives back the function that ends it. */
export function onReturn(call: () => void): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => {};
  const [view, page] = [window, document];
  const visibility = () => {
    if (page.visibilityState === "visible") call();
  };
  view.addEventListener("online", call);
  page.addEventListener("visibilitychange", visibility);
  return () => {
    view.removeEventListener("online", call);
    page.removeEventListener("visibilitychange", visibility);
  };
}
