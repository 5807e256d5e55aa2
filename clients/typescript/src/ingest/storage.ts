// Where events wait that could not be sent before the program ended.

/** Keeps events by their ids. Each method may be synchronous; what it throws is told to
 *  `onTrouble` and the event waits in memory only. */
export interface QueueStorage {
  /** All that is kept, the oldest first. */
  load(): Iterable<[id: string, json: string]> | Promise<Iterable<[id: string, json: string]>>;
  put(id: string, json: string): void | Promise<void>;
  remove(id: string): void | Promise<void>;
}

/** What is used of `localStorage`. */
export type KeyValueStorage = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/** Keeps events in `localStorage`, each under a key of its own: several tabs may share it, and
 *  an event that two of them send is counted once. A tab can hold about 5 MB there. */
export function localStorageQueue(
  storage: KeyValueStorage = globalThis.localStorage,
  prefix = "tidemark.event.",
): QueueStorage {
  return {
    load() {
      const keys = Array.from({ length: storage.length }, (_, n) => storage.key(n) ?? "");
      return keys
        .filter((key) => key.startsWith(prefix))
        .sort()
        .map((key): [string, string] => [key.slice(prefix.length), storage.getItem(key) ?? ""])
        .filter(([, json]) => json !== "");
    },
    put: (id, json) => storage.setItem(prefix + id, json),
    remove: (id) => storage.removeItem(prefix + id),
  };
}
