// One metric by minute, as bars; the minute that is still running is drawn lighter.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { byId, setRows, setText, tbodyOf } from "./dom";
import * as format from "./format";
import type { Hour } from "./minutes";
import type { Minute } from "./protocol";

type Metric = "events" | "users" | "sessions" | "value";

const HEIGHT = 240;

export class Chart {
  private plot: uPlot | null = null;
  private hour: Hour | null = null;
  private metric: Metric = "events";
  private readonly holder = byId("chart");
  private readonly readout = byId("chart-readout");
  private readonly table = byId<HTMLDetailsElement>("chart-table");
  private readonly rows = tbodyOf("chart-table");

  constructor() {
    byId("metric").addEventListener("change", (event) => {
      this.metric = (event.target as HTMLInputElement).value as Metric;
      this.draw();
    });
    this.table.addEventListener("toggle", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(this.holder);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.rebuild());
  }

  show(hour: Hour): void {
    this.hour = hour;
    this.draw();
  }

  private draw(): void {
    if (!this.hour) return;
    if (!this.plot) this.plot = this.build();
    this.plot.setData(columns(this.hour.minutes, this.metric));
    this.describe(this.plot.cursor.idx ?? null);
    if (this.table.open) setRows(this.rows, this.hour.minutes.toReversed().map(cells));
  }

  /** Under the chart: the minute pointed at, else the last whole one. */
  private describe(pointed: number | null): void {
    const minutes = this.hour?.minutes ?? [];
    const last = minutes.length - 1;
    const index = pointed ?? last - 1;
    const minute = minutes[index];
    if (!minute) return;
    const what = `${shown(minute, this.metric)} ${this.metric}`;
    const running = index === last ? ", still running" : "";
    setText(this.readout, `${format.minute(minute.bucket)} · ${what}${running}`);
  }

  private resize(): void {
    const width = this.holder.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) {
      this.plot.setSize({ width, height: HEIGHT });
    }
  }

  private rebuild(): void {
    this.plot?.destroy();
    this.plot = null;
    this.draw();
  }

  private build(): uPlot {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: color("--muted"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    const bars = uPlot.paths.bars?.({ size: [0.7, 40], align: 1 });
    const series = { ...(bars && { paths: bars }), points: { show: false }, width: 0 };
    return new uPlot(
      {
        width: Math.max(this.holder.clientWidth, 200),
        height: HEIGHT,
        padding: [12, 18, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: { x: { range: (_, min, max) => [min, max + 60] }, y: { range: upTo } },
        axes: [
          { ...axis, grid: { show: false }, values: hours, space: 60, size: 30 },
          { ...axis, size: 52, incrs: WHOLE_STEPS, values: (_, ticks) => ticks.map(format.short) },
        ],
        series: [
          {},
          { ...series, fill: color("--accent") },
          { ...series, fill: color("--accent-soft") },
        ],
        hooks: { setCursor: [(plot) => this.describe(plot.cursor.idx ?? null)] },
      },
      [[], [], []],
      this.holder,
    );
  }
}

/** 1, 2, 5, 10 …: half an event is no event. */
const WHOLE_STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((it) => it * 10 ** power)).flat();

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function hours(_: uPlot, ticks: number[]): string[] {
  return ticks.map((seconds) => clock.format(seconds * 1000));
}

/** From zero, with room above; never an empty range, and below zero only for negative sums. */
function upTo(_: uPlot, min: number | null, max: number | null): [number, number] {
  const top = Math.max(max ?? 0, 0);
  const bottom = Math.min(min ?? 0, 0);
  return top === bottom ? [0, 1] : [bottom * 1.1, top * 1.1];
}

/** The last minute stands in a column of its own, for it is drawn in another colour. */
function columns(minutes: Minute[], metric: Metric): uPlot.AlignedData {
  const last = minutes.length - 1;
  const values = minutes.map((minute) => Number(minute[metric]));
  return [
    minutes.map((minute) => Date.parse(minute.bucket) / 1000),
    values.map((value, index) => (index < last ? value : null)),
    values.map((value, index) => (index === last ? value : null)),
  ];
}

function shown(minute: Minute, metric: Metric): string {
  return metric === "value" ? format.decimal(minute.value) : format.count(minute[metric]);
}

function cells(minute: Minute): string[] {
  return [
    format.minute(minute.bucket),
    format.count(minute.events),
    format.count(minute.users),
    format.count(minute.sessions),
    format.decimal(minute.value),
  ];
}
