import { useStanding } from "./data/standing";
import { useZone } from "./state/view";
import { timeOfDay } from "./time";

/** What is wrong with all numbers at present, above them. */
export function Notice() {
  const { trouble, answeredAt } = useStanding();
  const zone = useZone();
  return (
    <div className="notices" role="alert">
      {trouble && (
        <p className="notice">
          <b>{trouble}.</b> The page keeps trying.
          {answeredAt !== null && ` What is shown below is from ${timeOfDay(answeredAt, zone)}.`}
        </p>
      )}
    </div>
  );
}
