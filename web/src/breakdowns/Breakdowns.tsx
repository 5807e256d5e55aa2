import { DIMENSIONS } from "../state/filters";
import { Breakdown } from "./Breakdown";
import { MoreDialog } from "./MoreDialog";
import { titleOf } from "./titles";
import "./breakdowns.css";

/** The biggest values of every dimension; a click filters everything by one. */
export function Breakdowns() {
  return (
    <div className="breakdowns">
      {DIMENSIONS.map((dimension) => (
        <Breakdown key={dimension} dimension={dimension} title={titleOf(dimension)} />
      ))}
      <MoreDialog />
    </div>
  );
}
