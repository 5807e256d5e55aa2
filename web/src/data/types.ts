// Answers as this part of the page reads them: not every one holds every metric.

import type { Amount, Metric } from "../state/metrics";

export type Amounts = Partial<Record<Metric, Amount>>;

export interface Summary extends Amounts {
  comparison?: Amounts & { from: string; to: string };
}

export interface Bucket extends Amounts {
  bucket: string;
  /** Not whole: cut by the range's ends, or still running. */
  partial: boolean;
  comparison?: (Amounts & { bucket: string }) | null;
}

/** One line of a chart by a dimension; the rest of them have no key. */
export interface Group {
  key: string | null;
  rest: boolean;
  rows: Bucket[];
}

export interface Share extends Amounts {
  key: string;
  /** Of all events in the range, from 0 to 1. */
  share: number;
  comparison?: Amounts;
}
