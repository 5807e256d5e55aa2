// What the page asks, for what is looked at.

import { and, contains, is, isNot, matches, type Field, type Filter as Tree } from "tidemark-client";
import { fromRollups, type Dimension, type Filter, type Op } from "../state/filters";
import { bounds, refreshMs } from "../state/range";
import type { View } from "../state/view";

const TESTS: Record<Op, (field: Field, ...values: string[]) => Tree> = {
  is,
  is_not: isNot,
  contains,
  matches,
};

/** All filters at once; null where there are none. */
export function treeOf(filters: Filter[]): Tree | null {
  const tests = filters.map(({ field, op, values }) => TESTS[op](field as Field, ...values));
  const [only] = tests;
  return tests.length > 1 ? and(...tests) : (only ?? null);
}

/** The range, time zone and filters of every question. */
export function scope(view: View, tz: string) {
  return { ...bounds(view.range), tz, filter: treeOf(view.filters) };
}

/** With what the answer is compared. */
export function compared(view: View) {
  return { compare: view.compare === "off" ? undefined : view.compare };
}

/** What is read from the rows costs the database more than a glance is worth. */
const RAW_MS = 20_000;

/** What is watched over the socket is asked for besides, for what the socket doesn't say. */
const WATCHED_MS = 10_000;

export function refreshed({ range, filters }: View, listed: Dimension | null = null, watched = false) {
  const every = refreshMs(range, Date.now());
  if (every === null) return {};
  const least = watched ? WATCHED_MS : fromRollups(filters, listed) ? 0 : RAW_MS;
  return { refetchInterval: Math.max(every, least) };
}
