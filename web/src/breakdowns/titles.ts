import type { Dimension } from "../state/filters";

/** In the order in which they stand. */
const TITLES: Record<Dimension, string> = {
  page: "Pages",
  referrer: "Referrers",
  event_type: "Event types",
  country: "Countries",
  device: "Devices",
  browser: "Browsers",
  os: "Systems",
};

export function titleOf(dimension: Dimension): string {
  return TITLES[dimension];
}
