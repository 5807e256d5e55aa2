// The three daemons on a database and a stream of their own.

import { randomBytes } from "node:crypto";
import { Daemon, until, type Variables } from "./daemon.js";
import * as services from "./services.js";

/** A key that was just made is known after five seconds. */
const KNOWN_MS = 15_000;
/** Until then each look is one with a wrong key, of which an address has ten a minute. */
const LOOK_MS = 1_000;

export interface Options {
  /** What only the api is told of the database called so. */
  forApi?: (name: string) => Variables;
  /** Whether keys are asked for; off where absent. */
  auth?: "on" | "off";
}

export class Daemons {
  private constructor(
    private readonly name: string,
    readonly api: Daemon,
    readonly ingestion: Daemon,
    readonly consumer: Daemon,
  ) {}

  /** All are ready then. */
  static async start(purpose: string, { forApi, auth = "off" }: Options = {}): Promise<Daemons> {
    const name = `tidemark_${purpose}_${randomBytes(6).toString("hex")}`;
    services.createDatabase(name);
    const daemons = await Daemons.prepared(name, auth, forApi?.(name));
    try {
      // The consumer makes the schema.
      await daemons.consumer.start();
      await Promise.all([daemons.api.start(), daemons.ingestion.start()]);
    } catch (error) {
      await daemons.stop();
      throw error;
    }
    return daemons;
  }

  private static async prepared(name: string, auth: string, forApi: Variables = {}): Promise<Daemons> {
    const [api, ingestion] = [await services.freePort(), await services.freePort()];
    const variables = {
      REDIS_URL: services.addresses().redis,
      POSTGRES_URL: services.databaseUrl(name),
      STREAM_KEY: name,
      LOG_FORMAT: "pretty",
      AUTH: auth,
      CORS_ORIGINS: `http://127.0.0.1:${api}`,
      INGESTION_PUBLIC_URL: `http://127.0.0.1:${ingestion}`,
    };
    return new Daemons(
      name,
      new Daemon("api", api, { ...variables, ...forApi }),
      new Daemon("ingestion", ingestion, variables),
      new Daemon("consumer", await services.freePort(), variables),
    );
  }

  /** A new key, once api and ingestion know it. */
  async key(...scopes: string[]): Promise<string> {
    const key = await this.api.run("keys", "create", "--name", "test", "--scope", scopes.join(","));
    const headers = { Authorization: `Bearer ${key}` };
    for (const { url } of [this.api, this.ingestion]) {
      const isKnown = async () => (await fetch(`${url}/api/v1/session`, { headers })).ok;
      await until(`${url} knows its key`, KNOWN_MS, isKnown, LOOK_MS);
    }
    return key;
  }

  async stop(): Promise<void> {
    await Promise.all([this.ingestion, this.consumer, this.api].map((daemon) => daemon.stop()));
    await services.remove(this.name);
  }
}
