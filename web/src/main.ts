import "./style.css";
import { pageConfig } from "./api";
import { watchAudit } from "./audit";
import { Chart } from "./chart";
import { byId, setFitting, setText } from "./dom";
import * as format from "./format";
import { GeneratorPanel } from "./generator";
import { Header } from "./header";
import { Live, type Socket } from "./live";
import { Minutes, type Hour } from "./minutes";
import { notice } from "./notices";
import { showPipeline } from "./pipeline";
import type { Pipeline } from "./protocol";
import { Tail } from "./tail";

const header = new Header();
const minutes = new Minutes();
const chart = new Chart();
const tail = new Tail();
const config = await pageConfig();
const generator = new GeneratorPanel(config.ingestion);
if (config.version) setText(byId("version"), `Tidemark ${config.version}.`);

function showHour(hour: Hour): void {
  header.received();
  notice("metrics", null);
  chart.show(hour);
  setFitting(byId("total-events"), format.count(hour.totals.events));
  setFitting(byId("total-users"), format.count(hour.totals.users));
  setFitting(byId("total-sessions"), format.count(hour.totals.sessions));
  setFitting(byId("total-value"), format.decimal(hour.totals.value));
}

function showState(pipeline: Pipeline): void {
  header.received();
  notice("pipeline", null);
  header.pipeline(pipeline);
  showPipeline(pipeline);
  generator.show(pipeline);
}

const scheme = location.protocol === "https:" ? "wss" : "ws";
const live = new Live({
  open: () => new WebSocket(`${scheme}://${location.host}/ws`) as unknown as Socket,
  state: (state) => header.connection(state),
});
live.on("metrics", {
  params: { minutes: 60 },
  snapshot: (frame) => showHour(minutes.replace(frame)),
  next: (frame) => showHour(minutes.merge(frame)),
  failed: (why) => notice("metrics", `The totals and the chart stand still: ${why}.`),
});
live.on("pipeline", {
  params: {},
  snapshot: showState,
  next: showState,
  failed: (why) => notice("pipeline", `The pipeline's state is not known: ${why}.`),
});
live.on("events", {
  params: {},
  snapshot: (frame) => {
    notice("events", null);
    tail.replace(frame);
  },
  next: (frame) => tail.add(frame),
  failed: (why) => notice("events", `No events arrive here: ${why}.`),
});
live.start();
watchAudit();
addEventListener("online", () => live.hurry());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) live.hurry();
});
