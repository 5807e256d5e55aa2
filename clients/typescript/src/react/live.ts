import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { TidemarkError } from "../error.js";
import type { Change, SubscriptionStatus } from "../live/channel.js";
import type { LiveState } from "../live/connection.js";
import type { Held } from "../live/held.js";
import type { Heartbeat } from "../live/live.js";
import type { Topic, TopicParams } from "../live/protocol.js";
import { useTidemark } from "./context.js";

export interface LiveResult<T extends Topic> {
  /** What is held: snapshot and deltas together. */
  data: Held[T] | undefined;
  /** What came last; null where it was there before this component. */
  change: Change<T> | null;
  status: SubscriptionStatus;
  /** The data is of before the connection broke, or of other parameters. */
  stale: boolean;
  error: TidemarkError | undefined;
}

const NOTHING = { data: undefined, change: null, status: "pending", stale: false, error: undefined } as const;

/** Subscribes for as long as the component is there, anew when the parameters change by value;
 *  `null` as parameters subscribes to nothing and keeps what is held. */
export function useLive<T extends Topic>(topic: T, params: TopicParams[T] | null): LiveResult<T> {
  const { live } = useTidemark();
  const [result, setResult] = useState<LiveResult<T>>(NOTHING);
  const latest = useRef(params);
  latest.current = params;
  const key = params === null ? null : JSON.stringify(params);

  useEffect(() => {
    const params = latest.current;
    if (params === null) return undefined;
    const subscription = live.subscribe<T>(topic, params, {
      next: (data, change) =>
        setResult({ data, change, status: "live", stale: false, error: undefined }),
      status: (status) =>
        setResult((before) => ({
          ...before,
          status,
          stale: status !== "live" && before.data !== undefined,
          error: status === "live" ? undefined : before.error,
        })),
      error: (error) => setResult((before) => ({ ...before, error })),
    });
    return () => {
      subscription.close();
      setResult((before) => ({ ...before, stale: before.data !== undefined, error: undefined }));
    };
  }, [live, topic, key]);

  return result;
}

/** Of the shared socket: idle, connecting, open, or waiting with the reason. */
export function useLiveState(): LiveState {
  const { live } = useTidemark();
  const state = () => live.state;
  return useSyncExternalStore((changed) => live.onState(changed), state, state);
}

/** The last heartbeat: up to when everything has been counted. */
export function useHeartbeat(): Heartbeat | null {
  const { live } = useTidemark();
  const heartbeat = () => live.heartbeat;
  return useSyncExternalStore((changed) => live.onHeartbeat(changed), heartbeat, heartbeat);
}
