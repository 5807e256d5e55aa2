import * as format from "../format";
import { METRIC, change, type Amount, type Metric } from "../state/metrics";

interface Props {
  metric: Metric;
  now: Amount;
  before: Amount;
}

/** Below it a change is shown as none. */
const NOTHING = 0.0005;

/** By how much a metric has changed, in the colour of what that means. */
export function Change({ metric, now, before }: Props) {
  const { more, show } = METRIC[metric];
  const share = change(now, before);
  const rising = share !== null && share > 0;
  const neutral = share === null || Math.abs(share) < NOTHING || more === "neither";
  const tone = neutral ? "plain" : rising === (more === "good") ? "good" : "bad";
  return (
    <span className="change" data-tone={tone} title={`${show(before)} before`}>
      {format.change(share)}
      <span className="hidden"> against {show(before)} before</span>
    </span>
  );
}
