export { TidemarkError } from "./error.js";
export { and, contains, is, isNot, matches, not, or } from "./filters.js";
export type { Dimension, Field, Filter } from "./filters.js";
export type { Fetch, RequestOptions, RetryOptions } from "./http.js";
export type { Violation } from "./ingest/deliver.js";
export type { NewEvent } from "./ingest/event.js";
export { uuidV7 } from "./ingest/event.js";
export type { Ingest } from "./ingest/ingest.js";
export type * from "./ingest/options.js";
export { localStorageQueue } from "./ingest/storage.js";
export type { KeyValueStorage, QueueStorage } from "./ingest/storage.js";
export type { Change, Handler, Subscription, SubscriptionStatus } from "./live/channel.js";
export type { LiveState, Socket } from "./live/connection.js";
export type { Held, HeldEvents } from "./live/held.js";
export type { Heartbeat, Live, LiveOptions } from "./live/live.js";
export type {
  BreakdownData,
  EventsData,
  LiveMinute,
  LiveValues,
  MetricsData,
  RealtimeData,
  Topic,
  TopicData,
  TopicParams,
} from "./live/protocol.js";
export type * from "./query/params.js";
export type { Query } from "./query/query.js";
export { Tidemark } from "./tidemark.js";
export type { TidemarkOptions, WebSocketClass } from "./tidemark.js";
export { METRICS } from "./types.js";
export type * from "./types.js";
