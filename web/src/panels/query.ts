import type { Filter } from "tidemark-client";

/** What the page asks about: `from` and `to` as a REST query takes them. */
export interface PageQuery {
  from: string;
  to: string;
  tz: string;
  filter: Filter | null;
}
