// How the main chart is drawn.

import uPlot from "uplot";
import { METRIC, type Metric } from "../state/metrics";
import { ticks } from "../time";
import { color, faint } from "./color";

export interface Pointed {
  index: number;
  /** Of the pointer, in pixels from the plot's left. */
  left: number;
  width: number;
}

interface Wishes {
  metric: Metric;
  zone: string;
  compared: boolean;
  /** The series of lines by value, such as `1,2,6`; null is the one line of everything. */
  groups: string | null;
  point: (at: Pointed | null) => void;
  zoom: (left: number, right: number) => void;
}

/** 1, 2, 5, 10 …: half an event is no event. */
const WHOLE_STEPS = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((it) => it * 10 ** power)).flat();
const COUNTED: readonly Metric[] = ["events", "users", "sessions"];

export function plotOptions(wishes: Wishes): Omit<uPlot.Options, "width" | "height"> {
  const { metric, zone } = wishes;
  return {
    padding: [10, 1.8 * letters(), 0, 0],
    legend: { show: false },
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 8, width: 2, fill: color("--panel") },
    },
    scales: { y: { range: fromZero } },
    axes: [
      {
        ...axis(),
        grid: { show: false },
        values: (_, at, __, ___, step) => ticks(at, step, zone),
        space: 5.3 * letters(),
        size: 2.3 * letters(),
      },
      {
        ...axis(),
        ...(COUNTED.includes(metric) && { incrs: WHOLE_STEPS }),
        values: (_, at) => at.map((value) => METRIC[metric].short(value)),
        size: (_, values) => letters() * (1.2 + 0.6 * Math.max(3, ...(values ?? []).map((text) => text.length))),
      },
    ],
    series: [{}, ...(wishes.groups === null ? lines(wishes.compared) : groupLines(wishes.groups))],
    hooks: {
      setCursor: [(plot) => wishes.point(pointed(plot))],
      setSelect: [(plot) => selected(plot, wishes.zoom)],
    },
  };
}

/** The height of small letters in pixels, as the page has them. */
function letters(): number {
  return 0.8 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

function axis() {
  return {
    stroke: color("--muted"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: `${letters()}px system-ui, sans-serif`,
  };
}

function lines(compared: boolean): uPlot.Series[] {
  const stroke = color("--accent");
  const fill = (plot: uPlot) => {
    const { top, height } = plot.bbox;
    const shade = plot.ctx.createLinearGradient(0, top, 0, top + height);
    shade.addColorStop(0, faint("--accent", 0.22));
    shade.addColorStop(1, faint("--accent", 0.02));
    return shade;
  };
  const common = { points: { show: false } };
  return [
    { ...common, stroke, width: 2, fill },
    { ...common, stroke, width: 2, dash: [4, 4], fill: faint("--accent", 0.05) },
    { ...common, stroke: color("--muted"), width: 1.5, dash: [2, 4], show: compared },
  ];
}

function groupLines(series: string): uPlot.Series[] {
  return series.split(",").flatMap((name) => {
    const common = { stroke: color(`--series-${name}`), width: 2, points: { show: false } };
    return [common, { ...common, dash: [4, 4] }];
  });
}

/** Never an empty range, and below zero only for negative sums. */
function fromZero(_: uPlot, min: number | null, max: number | null): [number, number] {
  const top = Math.max(max ?? 0, 0);
  const bottom = Math.min(min ?? 0, 0);
  return top === bottom ? [0, 1] : [bottom * 1.08, top * 1.08];
}

function pointed(plot: uPlot): Pointed | null {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return null;
  return { index: idx, left: left + plot.bbox.left / devicePixelRatio, width: plot.width };
}

function selected(plot: uPlot, zoom: (left: number, right: number) => void): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
}
