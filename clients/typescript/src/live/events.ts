// The WebSocket's messages by server-sent events: one request for each subscription. For where
// there is no WebSocket, such as Node 20.

import type { Fetch } from "../http.js";
import type { Socket } from "./connection.js";
import type { ClientMessage } from "./protocol.js";

type Subscribe = Extract<ClientMessage, { type: "subscribe" }>;

export class EventSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  private readonly streams = new Map<string, AbortController>();
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly fetch: Fetch,
  ) {
    void this.open();
  }

  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    if (message.type === "subscribe") void this.subscribe(message);
    if (message.type === "unsubscribe") this.leave(message.id);
  }

  close(): void {
    this.closed = true;
    for (const id of [...this.streams.keys()]) this.leave(id);
  }

  /** There is nothing to connect to before a subscription: it is asked whether the api is there. */
  private async open(): Promise<void> {
    try {
      await this.fetch(`${this.url}/health/live`, {});
      if (!this.closed) this.onopen?.();
    } catch {
      this.lost("");
    }
  }

  private async subscribe({ id, topic, params, position }: Subscribe): Promise<void> {
    const abort = new AbortController();
    this.leave(id);
    this.streams.set(id, abort);
    const query = new URLSearchParams({ topic, params: JSON.stringify(params) });
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (position !== undefined) headers["Last-Event-ID"] = position;
    try {
      const url = `${this.url}/api/v1/live?${query}`;
      const response = await this.fetch(url, { headers, signal: abort.signal });
      if (response.ok) await this.hear(id, response);
      else this.say(id, { ...((await response.json()) as object), type: "error" });
      // After an error the others go on.
      if (this.streams.get(id) === abort) this.lost("the api ended the stream");
    } catch {
      if (!abort.signal.aborted) this.lost("");
    }
  }

  private async hear(id: string, response: Response): Promise<void> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const blocks = new Blocks();
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) return;
      for (const message of blocks.take(chunk.value)) this.say(id, message);
    }
  }

  private say(id: string, message: { type?: string }): void {
    if (this.closed || !this.streams.has(id)) return;
    if (message.type === "error") this.leave(id);
    this.onmessage?.({ data: JSON.stringify({ ...message, id }) });
  }

  private leave(id: string): void {
    this.streams.get(id)?.abort();
    this.streams.delete(id);
  }

  private lost(reason: string): void {
    if (this.closed) return;
    this.close();
    this.onclose?.({ code: 1006, reason });
  }
}

/** Puts the events of a stream together, however it is cut into chunks. */
export class Blocks {
  private rest = "";

  /** The messages of the events that are complete now. */
  take(chunk: string): { type?: string }[] {
    const blocks = (this.rest + chunk).split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => message(block) ?? []);
  }
}

function message(block: string): { type?: string } | null {
  const lines = block.split("\n").filter((line) => line.startsWith("data:"));
  const data = lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
  return data === "" ? null : (JSON.parse(data) as { type?: string });
}
