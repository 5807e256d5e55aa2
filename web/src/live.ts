// The socket to the api: it comes back by itself, asks for every topic again and notices a
// peer that has gone without a word.

import type { ServerMessage, Topic, Topics } from "./protocol";

/** The server sends a heartbeat every 5 s. */
const SILENCE_MS = 12_000;
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 15_000;
/** Connected for so long, the next loss starts with a short wait again. */
const SETTLED_MS = 10_000;
const RESUBSCRIBE_MS = 3_000;

/** Half to all of a ceiling that doubles, so that clients cut off together don't return together. */
export function waitBefore(attempt: number, random: number): number {
  const ceiling = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random / 2));
}

export type LiveState =
  | { name: "connecting"; attempt: number }
  | { name: "open" }
  | { name: "waiting"; attempt: number; ms: number; why: string };

export interface Handler<T extends Topic> {
  params: Record<string, unknown>;
  snapshot(data: Topics[T]): void;
  next(data: Topics[T]): void;
  /** The server refused or ended the subscription; it is asked for again. */
  failed(detail: string): void;
}

/** What is used of a WebSocket, so that tests can do without one. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface Options {
  open(): Socket;
  state(state: LiveState): void;
  random?: () => number;
}

type Timer = ReturnType<typeof setTimeout>;

export class Live {
  private readonly topics = new Map<Topic, Handler<Topic>>();
  private readonly ids = new Map<string, Topic>();
  private socket: Socket | null = null;
  private attempt = 0;
  private lastId = 0;
  private openedAt = 0;
  private silence: Timer | undefined;
  private retry: Timer | undefined;
  private readonly resubscribe = new Map<Topic, Timer>();

  constructor(private readonly options: Options) {}

  /** To be called before `start`. */
  on<T extends Topic>(topic: T, handler: Handler<T>): void {
    this.topics.set(topic, handler as unknown as Handler<Topic>);
  }

  start(): void {
    clearTimeout(this.retry);
    this.options.state({ name: "connecting", attempt: this.attempt });
    const socket = this.options.open();
    this.socket = socket;
    this.hear(socket);
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event) => this.received(socket, event.data);
    socket.onclose = (event) => this.closed(socket, event.code, event.reason);
  }

  /** Doesn't wait for the next attempt; for when the network or the page comes back. */
  hurry(): void {
    if (this.socket === null) this.start();
  }

  private opened(socket: Socket): void {
    if (socket !== this.socket) return;
    this.openedAt = Date.now();
    this.options.state({ name: "open" });
    for (const topic of this.topics.keys()) this.subscribe(topic);
  }

  private subscribe(topic: Topic): void {
    this.lastId += 1;
    const id = `${topic}-${this.lastId}`;
    this.ids.set(id, topic);
    const params = this.topics.get(topic)?.params ?? {};
    this.socket?.send(JSON.stringify({ type: "subscribe", id, topic, params }));
  }

  private received(socket: Socket, data: unknown): void {
    if (socket !== this.socket) return;
    this.hear(socket);
    const message = parse(data);
    if (!message || !("id" in message) || message.id === undefined) return;
    const topic = this.ids.get(message.id);
    const handler = topic && this.topics.get(topic);
    if (!topic || !handler) return;
    switch (message.type) {
      case "subscribed":
        handler.snapshot(message.snapshot as Topics[Topic]);
        break;
      case "next":
        handler.next(message.data as Topics[Topic]);
        break;
      case "error":
        this.lost(message.id, topic, message.detail);
        break;
      case "complete":
        this.lost(message.id, topic, "the server ended the subscription");
        break;
    }
  }

  private lost(id: string, topic: Topic, detail: string): void {
    this.ids.delete(id);
    this.topics.get(topic)?.failed(detail);
    const timer = setTimeout(() => this.subscribe(topic), RESUBSCRIBE_MS);
    this.resubscribe.set(topic, timer);
  }

  private closed(socket: Socket, code: number, reason: string): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.ids.clear();
    clearTimeout(this.silence);
    for (const timer of this.resubscribe.values()) clearTimeout(timer);
    const settled = this.openedAt > 0 && Date.now() - this.openedAt >= SETTLED_MS;
    this.attempt = settled ? 0 : this.attempt + 1;
    this.openedAt = 0;
    const random = (this.options.random ?? Math.random)();
    const ms = waitBefore(this.attempt, random);
    this.options.state({ name: "waiting", attempt: this.attempt, ms, why: whyClosed(code, reason) });
    this.retry = setTimeout(() => this.start(), ms);
  }

  /** Restarts the watch over silence. A dead peer sends no close frame, so none is waited for. */
  private hear(socket: Socket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      socket.close(4000, "silent");
      this.closed(socket, 4000, "");
    }, SILENCE_MS);
  }
}

function parse(data: unknown): ServerMessage | null {
  try {
    return typeof data === "string" ? (JSON.parse(data) as ServerMessage) : null;
  } catch {
    return null;
  }
}

export function whyClosed(code: number, reason: string): string {
  const known: Record<number, string> = {
    1001: "the api is stopping",
    1006: "the connection broke or could not be made",
    1013: "the api has as many connections as it takes",
    4000: "the api has sent nothing for 12 seconds",
    4008: "this page was too slow for the api",
  };
  return known[code] ?? (reason || `closed with code ${code}`);
}
