import type { ReactNode } from "react";
import "./header.css";

/** The first line of the page: whose it is, and more. */
export function Bar({ children }: { children: ReactNode }) {
  return (
    <div className="bar">
      <h1>
        <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M5 12h22M5 20.5c3.7-3.6 7.3-3.6 11 0s7.3 3.6 11 0" />
        </svg>{" "}
        Tidemark
      </h1>
      {children}
    </div>
  );
}
