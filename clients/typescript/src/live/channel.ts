// One subscription as the server sees it, and those who listen to it.

import { attempt } from "../attempt.js";
import type { TidemarkError } from "../error.js";
import { hold, type Held, type HoldOptions } from "./held.js";
import type { ClientMessage, ServerMessage, Topic, TopicData, TopicParams } from "./protocol.js";

/** `pending`: nothing has come yet. `stale`: what is held is of before the connection broke.
 *  `failed`: the server refused, and would again. */
export type SubscriptionStatus = "pending" | "live" | "stale" | "failed";

/** What a message brought. */
export interface Change<T extends Topic> {
  /** It replaces all that was held. */
  snapshot: boolean;
  data: TopicData[T];
  position: string;
}

export interface Handler<T extends Topic> {
  /** What is held now, and what has just come; that is null for who joins a subscription
   *  that holds something already. */
  next(held: Held[T], change: Change<T> | null): void;
  status?(status: SubscriptionStatus): void;
  /** A refusal. Only with the status `failed` it isn't asked for again. */
  error?(error: TidemarkError): void;
}

export interface Subscription<T extends Topic> {
  readonly topic: T;
  readonly held: Held[T] | null;
  readonly status: SubscriptionStatus;
  readonly position: string | undefined;
  /** Nothing is called any more. */
  close(): void;
}

/** Codes by which the server says that a question can't be answered as it is. */
const FINAL = /^(invalid|unknown|unsupported|malformed)_/;

export class Channel {
  held: Held[Topic] | null = null;
  status: SubscriptionStatus = "pending";
  position: string | undefined;
  /** Refusals in a row. */
  refusals = 0;
  private readonly handlers = new Set<Handler<Topic>>();
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    /** Topic and parameters. */
    readonly key: string,
    readonly topic: Topic,
    private readonly params: object,
    private readonly options: HoldOptions,
  ) {}

  /** `left` is called when the last listener goes. */
  add(handler: Handler<Topic>, left: () => void): Subscription<Topic> {
    // A handler may be given twice. One that throws stops neither the others nor the channel.
    const own: Handler<Topic> = {
      next: (held, change) => attempt(() => handler.next(held, change)),
      status: (status) => attempt(() => handler.status?.(status)),
      error: (error) => attempt(() => handler.error?.(error)),
    };
    this.handlers.add(own);
    queueMicrotask(() => {
      if (!this.handlers.has(own) || this.held === null) return;
      own.next(this.held, null);
      own.status?.(this.status);
    });
    const close = () => {
      if (!this.handlers.delete(own) || this.handlers.size > 0) return;
      this.stop();
      left();
    };
    return this.seen(close);
  }

  /** With the last position where something is held, so that only what was missed comes. */
  question(): ClientMessage {
    clearTimeout(this.retry);
    const { id, topic, params, position } = this;
    const asked = { type: "subscribe", id, topic, params } as const;
    return position === undefined ? asked : { ...asked, position };
  }

  subscribed(message: Extract<ServerMessage, { type: "subscribed" }>): void {
    this.refusals = 0;
    this.position = message.position;
    if (message.recovered !== true) {
      this.take(message.snapshot as TopicData[Topic], message.position, true);
    }
    this.become("live");
  }

  next(message: Extract<ServerMessage, { type: "next" }>): void {
    this.position = message.position;
    this.take(message.data as TopicData[Topic], message.position, false);
  }

  refused(error: TidemarkError): void {
    this.refusals += 1;
    // A position that isn't understood would be refused for ever.
    this.position = undefined;
    if (FINAL.test(error.code)) this.become("failed");
    else this.disconnected();
    for (const handler of [...this.handlers]) handler.error?.(error);
  }

  disconnected(): void {
    clearTimeout(this.retry);
    if (this.status !== "failed") this.become(this.held === null ? "pending" : "stale");
  }

  later(ms: number, ask: () => void): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(ask, ms);
  }

  stop(): void {
    clearTimeout(this.retry);
    this.handlers.clear();
  }

  private take(data: TopicData[Topic], position: string, snapshot: boolean): void {
    const before = snapshot ? null : this.held;
    const params = this.params as TopicParams[Topic];
    this.held = hold(this.topic, params, before, data, this.options);
    for (const handler of [...this.handlers]) {
      handler.next(this.held, { snapshot, data, position });
    }
  }

  private become(status: SubscriptionStatus): void {
    if (this.status === status) return;
    this.status = status;
    for (const handler of [...this.handlers]) handler.status?.(status);
  }

  private seen(close: () => void): Subscription<Topic> {
    const channel = this;
    return {
      topic: this.topic,
      get held() {
        return channel.held;
      },
      get status() {
        return channel.status;
      },
      get position() {
        return channel.position;
      },
      close,
    };
  }
}
