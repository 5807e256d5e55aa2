// The three daemons on a database and a stream of their own.

import { randomBytes } from "node:crypto";
import { Daemon, type Variables } from "./daemon.js";
import * as services from "./services.js";

export class Daemons {
  private constructor(
    private readonly name: string,
    readonly api: Daemon,
    readonly ingestion: Daemon,
    readonly consumer: Daemon,
  ) {}

  /** All are ready then. `forApi` says what only the api is told of the database called so. */
  static async start(purpose: string, forApi: (name: string) => Variables = () => ({})): Promise<Daemons> {
    const name = `tidemark_${purpose}_${randomBytes(6).toString("hex")}`;
    services.createDatabase(name);
    const daemons = await Daemons.prepared(name, forApi(name));
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

  private static async prepared(name: string, forApi: Variables): Promise<Daemons> {
    const [api, ingestion] = [await services.freePort(), await services.freePort()];
    const variables = {
      REDIS_URL: services.addresses().redis,
      POSTGRES_URL: services.databaseUrl(name),
      STREAM_KEY: name,
      LOG_FORMAT: "pretty",
      // They listen on loopback, and the tests have no keys.
      AUTH: "off",
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

  async stop(): Promise<void> {
    await Promise.all([this.ingestion, this.consumer, this.api].map((daemon) => daemon.stop()));
    await services.remove(this.name);
  }
}
