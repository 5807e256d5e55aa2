// The socket: it comes back by itself, and notices a peer that has gone without a word.

import { jittered, type Backoff } from "../backoff.js";

/** What is used of a WebSocket; events are `any` so that every implementation's own fit. */
export interface Socket {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type LiveState =
  /** Nobody has subscribed. */
  | { name: "idle" }
  | { name: "connecting"; attempt: number }
  | { name: "open"; since: number }
  /** Tries again at `until` (Unix milliseconds). */
  | { name: "waiting"; attempt: number; until: number; why: string };

export interface ConnectionOptions {
  open: () => Socket;
  backoff: Backoff;
  /** The server says something every 5 s; after so long a silence it has gone. */
  silenceMs: number;
  /** Open for so long, the next loss starts with a short wait again. */
  settledMs: number;
}

export const CONNECTION: Omit<ConnectionOptions, "open"> = {
  backoff: { firstMs: 500, mostMs: 15_000 },
  silenceMs: 12_000,
  settledMs: 10_000,
};

export interface Listener {
  opened(): void;
  received(data: unknown): void;
  closed(): void;
  state(state: LiveState): void;
}

type Timer = ReturnType<typeof setTimeout>;

export class Connection {
  private socket: Socket | null = null;
  private attempt = 0;
  private openedAt = 0;
  private silence: Timer | undefined;
  private retry: Timer | undefined;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly listener: Listener,
  ) {}

  get isOpen(): boolean {
    return this.openedAt > 0;
  }

  /** Does nothing where there is a socket already; else doesn't wait for the next attempt. */
  start(): void {
    if (this.socket !== null) return;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.listener.state({ name: "connecting", attempt: this.attempt });
    const socket = this.options.open();
    this.socket = socket;
    this.hear(socket);
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (event: { data: unknown }) => this.received(socket, event.data);
    socket.onclose = (event: { code: number; reason: string }) =>
      this.lost(socket, event.code, event.reason);
    // Where no connection could be made, Node 20 says no more than this.
    socket.onerror = () => {
      if (!this.isOpen) this.lost(socket, 1006, "");
    };
  }

  stop(): void {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.attempt = 0;
    this.openedAt = 0;
    if (socket !== null) {
      socket.close(1000);
      this.listener.closed();
    }
    this.listener.state({ name: "idle" });
  }

  send(message: object): void {
    if (this.isOpen) this.socket?.send(JSON.stringify(message));
  }

  private opened(socket: Socket): void {
    if (socket !== this.socket) return;
    this.openedAt = Date.now();
    this.hear(socket);
    this.listener.state({ name: "open", since: this.openedAt });
    this.listener.opened();
  }

  private received(socket: Socket, data: unknown): void {
    if (socket !== this.socket) return;
    this.hear(socket);
    this.listener.received(data);
  }

  private lost(socket: Socket, code: number, reason: string): void {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.silence);
    const settled = this.openedAt > 0 && Date.now() - this.openedAt >= this.options.settledMs;
    if (settled) this.attempt = 0;
    this.openedAt = 0;
    this.listener.closed();
    const ms = jittered(this.options.backoff, this.attempt);
    this.attempt += 1;
    const why = whyClosed(code, reason);
    this.listener.state({ name: "waiting", attempt: this.attempt, until: Date.now() + ms, why });
    this.retry = setTimeout(() => this.start(), ms);
  }

  /** Restarts the watch over silence. A dead peer sends no close frame, so none is waited for. */
  private hear(socket: Socket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      socket.close(4000, "silent");
      this.lost(socket, 4000, "");
    }, this.options.silenceMs);
  }
}

const REASONS: Record<number, string> = {
  1001: "the api is stopping",
  1006: "the connection broke or could not be made",
  1013: "the api has as many connections as it takes",
  4000: "the api has sent nothing for too long",
  4008: "this client was too slow for the api",
};

export function whyClosed(code: number, reason: string): string {
  return REASONS[code] ?? (reason || `closed with code ${code}`);
}
