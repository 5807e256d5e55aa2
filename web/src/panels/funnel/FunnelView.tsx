import { useRef, type RefObject } from "react";
import type { Funnel, FunnelParams } from "tidemark-client";
import { useMetric } from "tidemark-client/react";
import { TableButton } from "../../parts/ChartWithTable";
import { Panel } from "../../parts/Panel";
import { EmptyState } from "../../parts/states";
import { asked } from "../parts/asked";
import { Counting } from "../parts/Counting";
import { useSeen } from "../parts/useSeen";
import { useSettled } from "../../parts/useSettled";
import type { PageQuery } from "../query";
import { Editor } from "./Editor";
import { FunnelBars } from "./FunnelBars";
import { paramsOf, read, written } from "./question";

/** Letters that are typed become one question after this pause. */
const PAUSE_MS = 500;

interface Props {
  query: PageQuery;
  /** The question as the page's address holds it; null is the usual one. */
  state: string | null;
  onState: (state: string | null) => void;
}

/** How many users go one step after the other, each within a time of the first. */
export function FunnelView({ query, state, onState }: Props) {
  const place = useRef<HTMLDivElement>(null);
  return (
    <Panel name="funnel" title="Funnel" aside={<TableButton id="funnel" what="Funnel" />}>
      <div ref={place}>
        <Asked query={query} state={state} onState={onState} place={place} />
      </div>
    </Panel>
  );
}

function Asked({ query, state, onState, place }: Props & { place: RefObject<HTMLDivElement | null> }) {
  const seen = useSeen(place);
  const question = read(state);
  const text = useSettled(JSON.stringify(paramsOf(question, query)), PAUSE_MS);
  const params = JSON.parse(text) as FunnelParams | null;
  const counted = asked(useMetric("funnel", seen ? params : null));
  return (
    <>
      <Editor
        question={question}
        query={query}
        seen={seen}
        onChange={(change) => onState(written({ ...question, ...change }))}
      />
      {params === null ? (
        <EmptyState>A step has no value yet.</EmptyState>
      ) : (
        <Counting what="the funnel" asked={counted}>
          {(funnel) => <Counted funnel={funnel} />}
        </Counting>
      )}
    </>
  );
}

function Counted({ funnel }: { funnel: Funnel }) {
  if (funnel.steps[0]?.users === 0) return <EmptyState>No user did the first step in this range.</EmptyState>;
  return <FunnelBars funnel={funnel} />;
}
