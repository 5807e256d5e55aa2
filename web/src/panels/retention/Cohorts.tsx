import type { Retention } from "tidemark-client";
import * as format from "../../format";
import { bucket } from "../../time";
import { Table } from "../../parts/Table";
import type { Period } from "./question";

type Cohort = Retention["cohorts"][number];

const INTERVALS: Record<Period, string> = { day: "1d", week: "1w", month: "1M" };
/** Percent of the accent in a full cell: beyond it the text on it would be hard to read. */
const FULL = 35;

interface Props {
  cohorts: Cohort[];
  period: Period;
  tz: string;
}

/** A row for each cohort; the stronger a cell's colour, the more came again. */
export function Cohorts({ cohorts, period, tz }: Props) {
  const most = Math.max(...cohorts.map(({ returned }) => returned.length));
  const head = Array.from({ length: most }, (_, later) => (later === 0 ? "First" : `+${later}`));
  return (
    <Table
      label={`Cohorts by ${period}`}
      className="retention-cohorts"
      head={[period === "month" ? "Month" : period === "week" ? "Week" : "Day", "Users", ...head]}
      rows={cohorts.map(({ start, size, partial, returned }) => ({
        key: start,
        cells: [
          bucket(start, INTERVALS[period], tz),
          <Size key="size" size={size} partial={partial} />,
          ...head.map((_, later) => <Returned key={later} cell={returned[later]} />),
        ],
      }))}
    />
  );
}

function Size({ size, partial }: { size: number; partial: boolean }) {
  const aside = partial ? "not a whole period: users may be missing" : undefined;
  return (
    <span data-partial={partial || undefined} title={aside}>
      {format.count(size)}
      {aside && <span className="hidden">, {aside}</span>}
    </span>
  );
}

function Returned({ cell }: { cell: Cohort["returned"][number] | undefined }) {
  if (!cell || cell.rate === null) return null;
  const aside = `${format.plural(cell.users, "user")}${cell.partial ? ", not a whole period" : ""}`;
  const strength = `${Math.round(cell.rate * FULL)}%`;
  return (
    <span
      className="retention-share"
      data-partial={cell.partial || undefined}
      title={aside}
      style={{ background: `color-mix(in srgb, var(--accent) ${strength}, transparent)` }}
    >
      {whole(cell.rate)}
      <span className="hidden">, {aside}</span>
    </span>
  );
}

/** Whole percents: there are many cells side by side. */
function whole(share: number): string {
  if (share > 0 && share < 0.005) return "<1 %";
  return `${Math.round(share * 100)} %`;
}
