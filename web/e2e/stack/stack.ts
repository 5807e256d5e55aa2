// The three daemons, with a way to the database that can be cut, and what is asked of them.

import type { Daemon } from "../../../testkit/stack/daemon.js";
import { Daemons } from "../../../testkit/stack/daemons.js";
import { databaseAddress, databaseUrl, freePort } from "../../../testkit/stack/services.js";
import { Proxy } from "./proxy";

export interface StoredEvent {
  event_id: string;
  event_type: string;
  occurred_at: string;
  user_id: string;
  session_id?: string;
  page?: string;
  referrer?: string;
  country?: string;
  device?: string;
  browser?: string;
  os?: string;
  value?: string;
  duration_ms?: number;
  properties?: Record<string, unknown>;
}

/** For one request. */
const ANSWER_MS = 30_000;

export class Stack {
  private constructor(
    private readonly daemons: Daemons,
    /** Between the api, and the api only, and the database. */
    readonly database: Proxy,
  ) {}

  static async start(auth: "on" | "off" = "off"): Promise<Stack> {
    const port = await freePort();
    const database = new Proxy(port, databaseAddress());
    await database.start();
    try {
      const way = { host: "127.0.0.1", port };
      const forApi = (name: string) => ({ POSTGRES_URL: databaseUrl(name, way) });
      const daemons = await Daemons.start("e2e", { auth, forApi });
      return new Stack(daemons, database);
    } catch (error) {
      await database.stop();
      throw error;
    }
  }

  get api(): Daemon {
    return this.daemons.api;
  }

  get ingestion(): Daemon {
    return this.daemons.ingestion;
  }

  key(...scopes: string[]): Promise<string> {
    return this.daemons.key(...scopes);
  }

  async stop(): Promise<void> {
    await this.daemons.stop();
    await this.database.stop();
  }

  /** The whole body of a GET on the api. */
  async get<T>(path: string): Promise<T> {
    return (await this.ask(`${this.api.url}/api/v1${path}`)) as T;
  }

  async generator(change?: object): Promise<{ running: boolean; rate: number; profile: { kind: string } }> {
    const url = `${this.ingestion.url}/api/v1/generator`;
    const view = await (change ? this.ask(url, "PUT", change) : this.ask(url));
    return view as { running: boolean; rate: number; profile: { kind: string } };
  }

  /** Sends events and waits until they are stored. */
  async store(events: StoredEvent[]): Promise<void> {
    const url = `${this.ingestion.url}/api/v1/events?wait=committed`;
    for (let from = 0; from < events.length; from += 500) {
      await this.ask(url, "POST", events.slice(from, from + 500));
    }
  }

  private async ask(url: string, method = "GET", body?: object): Promise<unknown> {
    const sent = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(url, { method, signal: AbortSignal.timeout(ANSWER_MS), ...sent });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
