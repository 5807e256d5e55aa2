// That the parameters which can be given are those of the OpenAPI document: seen by the compiler.

import { expectTypeOf, test } from "vitest";
import type { components, operations } from "../src/generated.js";
import type {
  BreakdownParams,
  ExportParams,
  Field,
  FunnelParams,
  Interval,
  PageParams,
  QueryBody,
  RealtimeParams,
  RetentionParams,
  SessionParams,
  SummaryParams,
  TimeseriesParams,
} from "../src/index.js";

type Asked<O extends keyof operations> = operations[O]["parameters"] extends { query?: infer Q }
  ? NonNullable<Q>
  : never;
type Schemas = components["schemas"];

test("the parameters are those of the document", () => {
  expectTypeOf<keyof SummaryParams>().toEqualTypeOf<keyof Asked<"summary">>();
  expectTypeOf<keyof TimeseriesParams>().toEqualTypeOf<keyof Asked<"timeseries">>();
  expectTypeOf<keyof BreakdownParams>().toEqualTypeOf<keyof Asked<"breakdown">>();
  expectTypeOf<keyof RealtimeParams>().toEqualTypeOf<keyof Asked<"realtime">>();
  expectTypeOf<keyof PageParams>().toEqualTypeOf<keyof Asked<"events">>();
  expectTypeOf<keyof PageParams>().toEqualTypeOf<keyof Asked<"sessions">>();
  expectTypeOf<keyof SessionParams>().toEqualTypeOf<keyof Asked<"session">>();
  expectTypeOf<keyof ExportParams>().toEqualTypeOf<keyof Asked<"exportEvents">>();
  expectTypeOf<keyof RetentionParams>().toEqualTypeOf<keyof Asked<"retention">>();
  expectTypeOf<keyof FunnelParams>().toEqualTypeOf<keyof Schemas["FunnelQuery"]>();
  expectTypeOf<keyof QueryBody>().toEqualTypeOf<keyof Schemas["Query"]>();
});

test("their values are too", () => {
  type Of<T, K extends keyof T> = NonNullable<T[K]>;
  expectTypeOf<Of<TimeseriesParams, "interval">>().toEqualTypeOf<Of<Asked<"timeseries">, "interval">>();
  expectTypeOf<Of<TimeseriesParams, "fill">>().toEqualTypeOf<Of<Asked<"timeseries">, "fill">>();
  expectTypeOf<Of<SummaryParams, "compare">>().toEqualTypeOf<Of<Asked<"summary">, "compare">>();
  expectTypeOf<Of<RetentionParams, "period">>().toEqualTypeOf<Of<Asked<"retention">, "period">>();
  expectTypeOf<Of<ExportParams, "format">>().toEqualTypeOf<Of<Asked<"exportEvents">, "format">>();
  expectTypeOf<Interval | "auto">().toEqualTypeOf<Of<Asked<"timeseries">, "interval">>();
  expectTypeOf<Field>().toExtend<Schemas["FilterTest"][1]>();
});
