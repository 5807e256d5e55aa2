// Who looks at the page, and what they may do. The key itself is in a cookie that no script can read.

import { useSyncExternalStore } from "react";

const DEADLINE_MS = 10_000;

export type Scope = "write" | "read" | "control" | "admin";

export interface Session {
  /** Where it is off, everybody may do everything. */
  auth: "on" | "off";
  /** Of the key. */
  name: string | null;
  scopes: Scope[];
}

const NOBODY: Session = { auth: "on", name: null, scopes: [] };
/** Where the api can't say, questions find out. */
const UNTOLD: Session = { auth: "off", name: null, scopes: ["admin"] };

let session: Session | null = null;
const listeners = new Set<() => void>();

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

/** Null until it is known. */
export function useSession(): Session | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}

export function may({ scopes }: Session, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Asks the api who we are. */
export async function recognise(): Promise<void> {
  const response = await ask("", { method: "GET" }).catch(() => null);
  if (response?.status === 401) return become(NOBODY);
  const answer: unknown = await response?.json().catch(() => null);
  become(response?.ok && isSession(answer) ? answer : UNTOLD);
}

/** Something else may answer in the api's place. */
function isSession(answer: unknown): answer is Session {
  return Array.isArray((answer as Partial<Session> | null | undefined)?.scopes);
}

/** An answer has said that the key is no more in force. */
export function refused(): void {
  if (session !== null && session.scopes.length > 0) become(NOBODY);
}

/** Signs in, at ingestion too where that is on another host and so has cookies of its own.
 *  @throws {Error} with what the api says. */
export async function signIn(key: string, ingestion: string | null): Promise<void> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  };
  const response = await ask("", init).catch(() => null);
  if (response === null) throw new Error("the api does not answer");
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new Error((answer as { detail?: string } | null)?.detail ?? response.statusText);
  if (!isSession(answer)) throw new Error("the answer is not the api’s");
  await elsewhere(ingestion, init);
  become(answer);
}

export async function signOut(ingestion: string | null): Promise<void> {
  const init = { method: "DELETE" };
  await ask("", init).catch(() => null);
  await elsewhere(ingestion, init);
  become(NOBODY);
}

/** What fails here is told by the generator's panel. */
async function elsewhere(ingestion: string | null, init: RequestInit): Promise<void> {
  if (ingestion === null || new URL(ingestion, location.href).hostname === location.hostname) return;
  await ask(ingestion, { ...init, credentials: "include" }).catch(() => null);
}

function ask(origin: string, init: RequestInit): Promise<Response> {
  return fetch(`${origin}/api/v1/session`, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
}
