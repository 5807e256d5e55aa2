import { useLive } from "tidemark-client/react";
import type { Share } from "../data/types";
import type { Dimension } from "../state/filters";
import { watchedMinutes } from "../state/range";
import type { View } from "../state/view";
import { listed } from "./shares";

/** A list as it moves; null where it isn't watched: with filters, by another metric than events, or
 *  while the connection is broken. */
export function useLiveShares(view: View, dimension: Dimension, limit: number): Share[] | null {
  const plain = view.filters.length === 0 && listed(view.metric) === "events";
  const minutes = plain ? watchedMinutes(view.range) : null;
  const params = minutes === null ? null : { dimension, minutes, limit };
  const { data, status, stale } = useLive("breakdown", params);
  return params !== null && status === "live" && !stale ? (data?.rows ?? null) : null;
}
