// The generator's slider: position 0 is silence, then 1 to 200,000 events/s, logarithmic.

export const MAX_RATE = 200_000;
export const POSITIONS = 1_000;

/** Two significant digits: what a hand on a slider can mean. */
export function rateAt(position: number): number {
  if (position <= 0) return 0;
  if (position >= POSITIONS) return MAX_RATE;
  const rate = MAX_RATE ** ((position - 1) / (POSITIONS - 1));
  return Number(rate.toPrecision(2));
}

export function positionOf(rate: number): number {
  if (!(rate > 0)) return 0;
  const share = Math.log(Math.max(rate, 1)) / Math.log(MAX_RATE);
  return Math.min(POSITIONS, Math.round(1 + share * (POSITIONS - 1)));
}
