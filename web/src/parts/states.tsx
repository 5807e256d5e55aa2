// What stands where numbers would: not there yet, none, or not to be had.

import type { ReactNode } from "react";
import type { TidemarkError } from "tidemark-client";
import { inWords } from "../data/words";
import { useView } from "../state/view";

/** Grey bars in place of `lines` lines. */
export function Skeleton({ lines, label }: { lines: number; label: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

function ErrorState({ failure, again }: { failure: TidemarkError; again: () => void }) {
  return (
    <div className="state-box failed">
      <p>{inWords(failure)}.</p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

export function EmptyState({ children }: { children: ReactNode }) {
  return <div className="state-box empty">{children}</div>;
}

/** Where an answer is empty. */
export function NoEvents() {
  const { filters } = useView();
  return (
    <EmptyState>
      <p>No events in this range{filters.length > 0 && " with these filters"}.</p>
    </EmptyState>
  );
}

interface ShowProps<T> {
  loaded: { data: T | null; failure: TidemarkError | null; again: () => void };
  /** Lines of the skeleton. */
  lines: number;
  /** What is being loaded, for a screen reader. */
  what: string;
  children: (data: T) => ReactNode;
}

/** The data if there is any, however old; else why there is none. */
export function Shown<T>({ loaded, lines, what, children }: ShowProps<T>) {
  if (loaded.data !== null) {
    return (
      <>
        {children(loaded.data)}
        {loaded.failure && <p className="problem">Not up to date: {inWords(loaded.failure)}.</p>}
      </>
    );
  }
  if (loaded.failure) return <ErrorState failure={loaded.failure} again={loaded.again} />;
  return <Skeleton lines={lines} label={`Loading ${what}`} />;
}
