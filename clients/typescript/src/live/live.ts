// Subscriptions over one shared socket, each with the state that it adds up to.

import { attempt } from "../attempt.js";
import { jittered, type Backoff } from "../backoff.js";
import { TidemarkError } from "../error.js";
import { Channel, type Handler, type Subscription } from "./channel.js";
import { Connection, CONNECTION, type ConnectionOptions, type LiveState } from "./connection.js";
import { read, type ServerMessage, type Topic, type TopicParams } from "./protocol.js";
import { onReturn } from "./return.js";

export interface LiveOptions extends Partial<Omit<ConnectionOptions, "open">> {
  /** Events held of a subscription to `events`: 200. */
  keep?: number;
  /** How long the socket outlives the last subscription: 2,000 ms. */
  idleMs?: number;
  /** What the server says that concerns no subscription. */
  onError?: (error: TidemarkError) => void;
}

export interface Heartbeat {
  /** Everything accepted before has been counted. */
  watermark: string | null;
  /** When the server said so. */
  at: string;
}

const RESUBSCRIBE: Backoff = { firstMs: 3_000, mostMs: 30_000 };

export class Live {
  private readonly channels = new Map<string, Channel>();
  private readonly byId = new Map<string, Channel>();
  private readonly stateListeners = new Set<(state: LiveState) => void>();
  private readonly heartbeatListeners = new Set<(heartbeat: Heartbeat) => void>();
  private readonly connection: Connection;
  private readonly stopListening: () => void;
  private currentState: LiveState = { name: "idle" };
  private lastHeartbeat: Heartbeat | null = null;
  private lastId = 0;
  private idle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    open: ConnectionOptions["open"],
    private readonly options: LiveOptions = {},
  ) {
    const listener = {
      opened: () => this.opened(),
      received: (data: unknown) => this.received(data),
      closed: () => this.lost(),
      state: (state: LiveState) => this.changed(state),
    };
    this.connection = new Connection({ ...CONNECTION, ...options, open }, listener);
    this.stopListening = onReturn(() => this.hurry());
  }

  get state(): LiveState {
    return this.currentState;
  }

  get heartbeat(): Heartbeat | null {
    return this.lastHeartbeat;
  }

  /** Calls back at every change; gives back the function that ends it. */
  onState(listener: (state: LiveState) => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  onHeartbeat(listener: (heartbeat: Heartbeat) => void): () => void {
    this.heartbeatListeners.add(listener);
    return () => this.heartbeatListeners.delete(listener);
  }

  /** Opens the socket where there is none. Those who ask for the same share one subscription
   *  and get what it holds already at once. */
  subscribe<T extends Topic>(
    topic: T,
    params: TopicParams[T],
    handler: Handler<T> | Handler<T>["next"],
  ): Subscription<T> {
    clearTimeout(this.idle);
    const key = `${topic} ${JSON.stringify(params)}`;
    const channel = this.channels.get(key) ?? this.channel(key, topic, params);
    const told = typeof handler === "function" ? { next: handler } : handler;
    const subscription = channel.add(told as Handler<Topic>, () => this.left(channel));
    this.connection.start();
    return subscription as unknown as Subscription<T>;
  }

  /** Doesn't wait for the next attempt; for when the network or the page comes back. */
  hurry(): void {
    if (this.channels.size > 0) this.connection.start();
  }

  /** Ends every subscription and the socket. */
  close(): void {
    this.stopListening();
    clearTimeout(this.idle);
    for (const channel of this.channels.values()) channel.stop();
    this.channels.clear();
    this.byId.clear();
    this.connection.stop();
  }

  private channel(key: string, topic: Topic, params: object): Channel {
    this.lastId += 1;
    const id = `${topic}-${this.lastId}`;
    const channel = new Channel(id, key, topic, params, { keep: this.options.keep ?? 200 });
    this.channels.set(key, channel);
    this.byId.set(id, channel);
    if (this.connection.isOpen) this.ask(channel);
    return channel;
  }

  private ask(channel: Channel): void {
    this.connection.send(channel.question());
  }

  private left(channel: Channel): void {
    if (channel.status !== "failed") this.connection.send({ type: "unsubscribe", id: channel.id });
    this.remove(channel);
  }

  /** Who subscribes to the same again gets another one. */
  private remove(channel: Channel): void {
    this.byId.delete(channel.id);
    if (this.channels.get(channel.key) === channel) this.channels.delete(channel.key);
    if (this.channels.size > 0) return;
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.connection.stop(), this.options.idleMs ?? 2_000);
  }

  private opened(): void {
    for (const channel of this.channels.values()) this.ask(channel);
  }

  private lost(): void {
    for (const channel of this.channels.values()) channel.disconnected();
  }

  private changed(state: LiveState): void {
    this.currentState = state;
    for (const listener of [...this.stateListeners]) attempt(() => listener(state));
  }

  private received(data: unknown): void {
    const message = read(data);
    if (message === null) return;
    if (message.type === "heartbeat") this.beat(message);
    if (!("id" in message) || message.id === undefined) {
      if (message.type === "error") attempt(() => this.options.onError?.(new TidemarkError(0, message)));
      return;
    }
    const channel = this.byId.get(message.id);
    if (channel !== undefined) this.tell(channel, message);
  }

  private tell(channel: Channel, message: ServerMessage): void {
    switch (message.type) {
      case "subscribed":
        channel.subscribed(message);
        break;
      case "next":
        channel.next(message);
        break;
      case "error":
        channel.refused(new TidemarkError(0, message));
        if (channel.status === "failed") this.remove(channel);
        else this.askLater(channel);
        break;
      case "complete":
        channel.disconnected();
        this.askLater(channel);
        break;
    }
  }

  private askLater(channel: Channel): void {
    const wait = 1_000 + jittered(RESUBSCRIBE, channel.refusals);
    channel.later(wait, () => {
      if (this.byId.get(channel.id) === channel) this.ask(channel);
    });
  }

  private beat(message: Extract<ServerMessage, { type: "heartbeat" }>): void {
    const { watermark, at } = message;
    const heartbeat = { watermark, at };
    this.lastHeartbeat = heartbeat;
    for (const listener of [...this.heartbeatListeners]) attempt(() => listener(heartbeat));
  }
}
