// The three daemons on a database and a stream of their own.

import { randomBytes } from "node:crypto";
import { Daemon } from "./daemon";
import { Proxy } from "./proxy";
import * as services from "./services";

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

export class Stack {
  private constructor(
    readonly name: string,
    readonly api: Daemon,
    readonly ingestion: Daemon,
    readonly consumer: Daemon,
    /** Between the api, and the api only, and the database. */
    readonly database: Proxy,
  ) {}

  static async start(): Promise<Stack> {
    const name = `tidemark_e2e_${randomBytes(6).toString("hex")}`;
    services.createDatabase(name);
    const stack = await Stack.prepared(name);
    try {
      await stack.database.start();
      // The consumer makes the schema.
      await stack.consumer.start();
      await Promise.all([stack.api.start(), stack.ingestion.start()]);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  private static async prepared(name: string): Promise<Stack> {
    const [api, ingestion, consumer, database] = await Promise.all(
      [1, 2, 3, 4].map(() => services.freePort()),
    ) as [number, number, number, number];
    const common = {
      REDIS_URL: services.variable("REDIS_URL"),
      POSTGRES_URL: services.databaseUrl(name),
      STREAM_KEY: name,
      LOG_FORMAT: "pretty",
      CORS_ORIGINS: `http://127.0.0.1:${api}`,
      INGESTION_PUBLIC_URL: `http://127.0.0.1:${ingestion}`,
    };
    const through = { host: "127.0.0.1", port: database };
    const ofApi = { ...common, POSTGRES_URL: services.databaseUrl(name, through) };
    return new Stack(
      name,
      new Daemon({ program: "api", port: api, variables: ofApi }),
      new Daemon({ program: "ingestion", port: ingestion, variables: common }),
      new Daemon({ program: "consumer", port: consumer, variables: common }),
      new Proxy(database, services.databaseAddress()),
    );
  }

  async stop(): Promise<void> {
    for (const daemon of [this.ingestion, this.consumer, this.api]) await daemon.stop();
    await this.database.stop();
    services.remove(this.name);
  }

  /** The whole body of a GET on the api. */
  async get<T>(path: string): Promise<T> {
    const url = `${this.api.url}/api/v1${path}`;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async generator(change?: object): Promise<{ running: boolean; rate: number; profile: { kind: string } }> {
    const init = change && {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(change),
    };
    const response = await fetch(`${this.ingestion.url}/api/v1/generator`, init);
    if (!response.ok) throw new Error(`generator: ${response.status} ${await response.text()}`);
    return response.json() as Promise<{ running: boolean; rate: number; profile: { kind: string } }>;
  }

  /** Sends events and waits until they are stored. */
  async store(events: StoredEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += 500) {
      const response = await fetch(`${this.ingestion.url}/api/v1/events?wait=committed`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(events.slice(from, from + 500)),
      });
      if (!response.ok) throw new Error(`events: ${response.status} ${await response.text()}`);
    }
  }
}
