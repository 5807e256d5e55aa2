import { useRef, type RefObject } from "react";
import type { Retention } from "tidemark-client";
import { useMetric } from "tidemark-client/react";
import { Panel } from "../../parts/Panel";
import { EmptyState } from "../../parts/states";
import { Switch, type Choice } from "../../parts/Switch";
import { asked } from "../parts/asked";
import { Counting } from "../parts/Counting";
import { useSeen } from "../parts/useSeen";
import type { PageQuery } from "../query";
import { Cohorts } from "./Cohorts";
import { COHORTS, paramsOf, read, type Period } from "./question";

const CHOICES = [
  { value: "day", label: "Days" },
  { value: "week", label: "Weeks" },
  { value: "month", label: "Months" },
] as const satisfies Choice<Period>[];

interface Props {
  query: PageQuery;
  /** The period as the page's address holds it; null is a day. */
  state: string | null;
  onState: (state: string | null) => void;
}

/** Which share of the users who came first in one period came again in later ones. */
export function RetentionView({ query, state, onState }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const period = read(state);
  return (
    <Panel
      name="retention"
      title="Retention"
      aside={
        <Switch
          name="retention-period"
          legend="Length of a period"
          choices={CHOICES}
          value={period}
          onChange={(next) => onState(next === "day" ? null : next)}
        />
      }
    >
      <div ref={place}>
        <Asked query={query} period={period} place={place} />
      </div>
    </Panel>
  );
}

interface AskedProps {
  query: PageQuery;
  period: Period;
  place: RefObject<HTMLDivElement | null>;
}

function Asked({ query, period, place }: AskedProps) {
  const seen = useSeen(place);
  const counted = asked(useMetric("retention", seen ? paramsOf(period, query) : null));
  return (
    <>
      <p className="aside">
        Users by their first {period} of the last {COHORTS}, and the share that came again; dotted where a
        period isn’t whole
        {query.filter && "; narrowed by the page’s filter"}
      </p>
      <Counting what="retention" asked={counted}>
        {(retention) => <Found retention={retention} tz={query.tz} />}
      </Counting>
    </>
  );
}

function Found({ retention: { cohorts, period }, tz }: { retention: Retention; tz: string }) {
  const peopled = cohorts.filter(({ size }) => size > 0);
  if (peopled.length === 0) return <EmptyState>No users in these periods.</EmptyState>;
  return <Cohorts cohorts={peopled} period={period} tz={tz} />;
}
