// What is looked at, read from the address and written to it.

import { useMemo } from "react";
import { go, useSearch, type How } from "./address";
import { DIMENSIONS, readFilter, writeFilter, type Dimension, type Filter } from "./filters";
import { isMetric, type Metric } from "./metrics";
import { readRange, writeRange, type Range } from "./range";
import { browserZone, isZone } from "./zone";

export const COMPARISONS = ["off", "previous", "year"] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface View {
  range: Range;
  compare: Comparison;
  /** IANA name; null is the browser's. */
  zone: string | null;
  filters: Filter[];
  metric: Metric;
  /** The chart's lines, one for each of the biggest values. */
  by: Dimension | null;
  /** Whose values are listed in the dialog. */
  more: Dimension | null;
}

function oneOf<T extends string>(all: readonly T[], text: string | null): T | null {
  return all.find((it) => it === text) ?? null;
}

export function readView(params: URLSearchParams): View {
  const metric = params.get("metric") ?? "";
  const zone = params.get("tz");
  return {
    range: readRange(params),
    compare: oneOf(COMPARISONS, params.get("compare")) ?? "off",
    zone: zone !== null && isZone(zone) ? zone : null,
    filters: params.getAll("filter").flatMap((text) => readFilter(text) ?? []),
    metric: isMetric(metric) ? metric : "events",
    by: oneOf(DIMENSIONS, params.get("by")),
    more: oneOf(DIMENSIONS, params.get("more")),
  };
}

/** What has its usual value is left out; parameters of others stay. */
export function writeView(view: View, params: URLSearchParams): void {
  const set = (name: string, value: string | null) =>
    value === null ? params.delete(name) : params.set(name, value);
  writeRange(view.range, params);
  set("compare", view.compare === "off" ? null : view.compare);
  set("tz", view.zone);
  params.delete("filter");
  for (const filter of view.filters) params.append("filter", writeFilter(filter));
  set("metric", view.metric === "events" ? null : view.metric);
  set("by", view.by);
  set("more", view.more);
}

export function useView(): View {
  const search = useSearch();
  return useMemo(() => readView(new URLSearchParams(search)), [search]);
}

export function changeView(change: Partial<View> | ((view: View) => Partial<View>), how?: How): void {
  go((params) => {
    const view = readView(params);
    writeView({ ...view, ...(typeof change === "function" ? change(view) : change) }, params);
  }, how);
}

/** The time zone that everything is cut and shown in. */
export function useZone(): string {
  return useView().zone ?? browserZone();
}
