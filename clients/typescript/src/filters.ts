// Filters as the JSON tree that every query takes, made by functions:
// `and(is("country", "DE", "AT"), not(contains("page", "/admin")))`.

/** What rollups know of events. */
export type Dimension = "event_type" | "page" | "referrer" | "country" | "device" | "browser" | "os";

/** What events have; in filters and keys "" stands for an absent value. */
export type Field = Dimension | "user_id" | "session_id" | `properties.${string}`;

type Test = "is" | "is_not" | "contains" | "matches" | "in";

export type Filter =
  | readonly [test: Test, field: Field, values: readonly string[]]
  | readonly [join: "and" | "or", filters: readonly Filter[]]
  | readonly [not: "not", filter: Filter];

/** The field has one of the values. */
export const is = (field: Field, ...values: string[]): Filter => ["is", field, values];

/** The field has none of the values. */
export const isNot = (field: Field, ...values: string[]): Filter => ["is_not", field, values];

/** The field holds one of the texts, upper and lower case told apart. */
export const contains = (field: Field, ...texts: string[]): Filter => ["contains", field, texts];

/** One of the regular expressions (Rust's syntax, at most 256 bytes) finds something. */
export const matches = (field: Field, ...patterns: string[]): Filter => ["matches", field, patterns];

export const and = (...filters: Filter[]): Filter => ["and", filters];

export const or = (...filters: Filter[]): Filter => ["or", filters];

export const not = (filter: Filter): Filter => ["not", filter];
