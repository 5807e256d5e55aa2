import { useEffect, useState, type ReactNode } from "react";
import type { Pipeline } from "tidemark-client";
import { useLive, type LiveResult } from "tidemark-client/react";
import { Panel } from "../../parts/Panel";
import { Skeleton } from "../../parts/states";
import { Table } from "../../parts/Table";
import { useZone } from "../../state/view";
import { timeOfDay } from "../../time";
import { Facts } from "../parts/Facts";
import { Mark } from "../parts/Mark";
import { Consumers } from "./Consumers";
import { DeadLetters } from "./DeadLetters";
import { batches, condition, flow, latency, memoryShare, outcome, stores } from "./facts";
import { recorded, type Sample } from "./history";
import { RateChart } from "./RateChart";

/** What arrives, what waits, how long each stage takes, what was refused, how full the stores are. */
export function PipelinePanel() {
  const live = useLive("pipeline", {});
  const { data } = live;
  const [history, setHistory] = useState<Sample[]>([]);
  useEffect(() => {
    if (data) setHistory((known) => recorded(known, data));
  }, [data]);
  return (
    <Panel name="pipeline" title="Pipeline" aside={<State live={live} />}>
      {data && <Body it={data} history={history} />}
      {!data && !live.error && <Skeleton lines={8} label="Loading the pipeline’s state" />}
    </Panel>
  );
}

function State({ live: { data, error, stale } }: { live: LiveResult<"pipeline"> }) {
  const zone = useZone();
  if (error) return <Mark tone="warn" text={error.detail} />;
  if (!data) return <Mark tone="plain" text="connecting…" />;
  if (stale) return <Mark tone="warn" text={`as of ${timeOfDay(data.generated_at, zone)}`} />;
  const [tone, text] = condition(data);
  return <Mark tone={tone} text={text} />;
}

function Body({ it, history }: { it: Pipeline; history: Sample[] }) {
  const share = memoryShare(it);
  return (
    <>
      <RateChart history={history} />
      <div className="pipeline-groups">
        <Group title="Flow">
          <Facts facts={flow(it)} />
        </Group>
        <Group title="Latency by stage">
          <Table
            label="Latency by stage"
            head={["Stage", "p50", "p99"]}
            rows={latency(it).map((cells) => ({ key: cells[0] ?? "", cells }))}
          />
        </Group>
        <Group title="Batches">
          <Facts facts={batches(it)} />
        </Group>
        <Group title="Consumers">
          <Consumers it={it} />
        </Group>
        <Group title="Outcome">
          <Facts facts={outcome(it)} />
        </Group>
        <Group title="Dead letters by reason">
          <DeadLetters letters={it.dead_letters} />
        </Group>
        <Group title="Stores">
          {share !== null && (
            <meter min={0} max={1} high={0.7} optimum={0} value={share} aria-label="Redis memory used" />
          )}
          <Facts facts={stores(it)} />
        </Group>
      </div>
    </>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3>{title}</h3>
      {children}
    </div>
  );
}
