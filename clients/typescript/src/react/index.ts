export { TidemarkProvider, useTidemark } from "./context.js";
export { useHeartbeat, useLive, useLiveState } from "./live.js";
export type { LiveResult } from "./live.js";
export { useMetric, useSession } from "./metric.js";
export type { MetricOptions, MetricResult, PlainKind } from "./metric.js";
