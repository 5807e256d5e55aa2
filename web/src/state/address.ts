// The page's state is its address: each change is an entry of the browser's history, so that
// "back" undoes it and a link shows what its sender saw.

import { useCallback, useSyncExternalStore } from "react";

/** `replace` is for what nobody would want to go back to, such as letters being typed. */
export type How = "push" | "replace";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

/** A query string that stays readable: what may stand in a query as it is isn't escaped. */
export function searchOf(params: URLSearchParams): string {
  const text = params.toString().replace(/%(2F|3A|2C|7C)/g, (escaped) => decodeURIComponent(escaped));
  return text === "" ? "" : `?${text}`;
}

export function go(change: (params: URLSearchParams) => void, how: How = "push"): void {
  const params = new URLSearchParams(location.search);
  change(params);
  const search = searchOf(params);
  if (search === searchOf(new URLSearchParams(location.search))) return;
  const address = location.pathname + search + location.hash;
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  for (const listener of listeners) listener();
}

export function useSearch(): string {
  return useSyncExternalStore(subscribe, () => location.search);
}

/** One parameter of the address; absent where it has its usual value. */
export function useParam(name: string, usual = ""): [string, (value: string, how?: How) => void] {
  const value = new URLSearchParams(useSearch()).get(name) ?? usual;
  const set = useCallback(
    (next: string, how?: How) =>
      go((params) => (next === usual ? params.delete(name) : params.set(name, next)), how),
    [name, usual],
  );
  return [value, set];
}
