import { useEffect } from "react";
import { MainChart } from "../charts/MainChart";
import { About } from "../parts/About";
import { Panel } from "../parts/Panel";
import { Shown } from "../parts/states";
import { PRESET } from "../state/range";
import { useView, useZone } from "../state/view";
import { Tiles } from "../tiles/Tiles";
import { span } from "../time";
import { FirstEvent, useNothingStored } from "./FirstEvent";
import { useOverview } from "./useOverview";

/** The range's totals, and the chosen one over time. */
export function Overview({ ingestion }: { ingestion: string | null }) {
  const { range } = useView();
  const zone = useZone();
  const { summary, series } = useOverview();
  const nothing = useNothingStored(summary.data?.events);
  const title = "preset" in range ? PRESET[range.preset].title : span(range.from, range.to, zone);
  useEffect(() => {
    document.title = `${title} · Tidemark`;
  }, [title]);
  if (nothing) return <FirstEvent ingestion={ingestion} />;
  return (
    <Panel name="overview" title={title} aside={<About meta={summary.meta} what="the totals" />}>
      <Shown loaded={summary} lines={3} what="the totals">
        {() => <Tiles summary={summary} series={series.data} />}
      </Shown>
      <MainChart series={series} />
    </Panel>
  );
}
