import { here, keyed, RETRY, withoutSlash, type Fetch, type RetryOptions } from "./http.js";
import { Ingest } from "./ingest/ingest.js";
import type { IngestOptions } from "./ingest/options.js";
import type { Socket } from "./live/connection.js";
import { EventSocket } from "./live/events.js";
import { Live, type LiveOptions } from "./live/live.js";
import type { AnswersOptions } from "./query/answers.js";
import { Query } from "./query/query.js";

/** What is used of the class `WebSocket`. The second argument, which browsers don't have, is given
 *  only where there is a key. */
export type WebSocketClass = new (url: string, options?: any) => Socket;

export interface TidemarkOptions {
  /** Of the api, such as `http://127.0.0.1:3001`; in a page that it serves, "". */
  url: string;
  /** Of the ingestion daemon, such as `http://127.0.0.1:3002`; needed for `ingest` only. */
  ingestionUrl?: string;
  /** What `api keys create` has printed; sent as `Authorization: Bearer`. Not for pages: whoever
   *  sees the page sees the key. They sign in with `POST /api/v1/session`. */
  key?: string;
  /** Those of the platform by default. Where there is no `WebSocket`, as in Node 20, or null
   *  instead of one, `live` takes server-sent events. */
  fetch?: Fetch;
  WebSocket?: WebSocketClass | null;
  retry?: Partial<RetryOptions>;
  /** How much of what was answered is kept for `ETag`s. */
  answers?: AnswersOptions;
  ingest?: IngestOptions;
  live?: LiveOptions;
}

/** One client for everything: `query` asks, `ingest` sends, `live` watches. */
export class Tidemark {
  readonly query: Query;
  readonly live: Live;
  private readonly fetch: Fetch;
  private ingestion: Ingest | undefined;

  constructor(private readonly options: TidemarkOptions) {
    // Unbound, browsers refuse to call it.
    const plain: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.fetch = options.key === undefined ? plain : keyed(plain, options.key);
    const url = withoutSlash(options.url);
    const retry = { ...RETRY, ...options.retry };
    const answers = options.answers === undefined ? {} : { answers: options.answers };
    this.query = new Query({ fetch: this.fetch, url, retry, ...answers });
    this.live = new Live(() => this.open(url), options.live);
  }

  /** The queue of events; there is one, made when it is first asked for.
   *  @throws {Error} without `ingestionUrl`. */
  get ingest(): Ingest {
    const { ingestionUrl, ingest, key } = this.options;
    if (ingestionUrl === undefined) {
      throw new Error("to send events, give Tidemark the address of ingestion as ingestionUrl");
    }
    this.ingestion ??= new Ingest(withoutSlash(ingestionUrl), this.fetch, ingest, key !== undefined);
    return this.ingestion;
  }

  /** Ends the socket, and sends what still waits. */
  async close(): Promise<void> {
    this.live.close();
    await this.ingestion?.close();
  }

  private open(url: string): Socket {
    const platform = globalThis.WebSocket as WebSocketClass | undefined;
    const Class = this.options.WebSocket === undefined ? platform : this.options.WebSocket;
    const { key } = this.options;
    // A browser's sends no header of ours.
    const mute = key !== undefined && typeof document !== "undefined";
    if (!Class || mute) return new EventSocket(url, this.fetch);
    const address = new URL(`${url}/ws`, here());
    address.protocol = address.protocol.replace("http", "ws");
    if (key === undefined) return new Class(address.href);
    return new Class(address.href, { headers: { Authorization: `Bearer ${key}` } });
  }
}
