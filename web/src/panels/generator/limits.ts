/** Events per second that ingestion takes for a schedule. */
export const MOST_RATE = 2_000_000;
/** Seconds of a profile's parameter: a year. */
export const MOST_SECONDS = 31_536_000;
/** Percent of the events with one fault. */
export const MOST_FAULTY = 50;
