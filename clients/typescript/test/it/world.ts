// The three daemons as processes, with a database and a stream that nobody else uses.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const CHECKOUT = resolve(import.meta.dirname, "../../../..");
const PROGRAMS = resolve(CHECKOUT, process.env["TIDEMARK_PROGRAMS"] ?? "target/release");

type Program = "api" | "ingestion" | "consumer";

export class World {
  private readonly name = `tidemark_client_${randomUUID().replaceAll("-", "")}`;
  private readonly running = new Map<Program, ChildProcess>();
  private readonly logPath = join(tmpdir(), `${this.name}.log`);
  private readonly log: WriteStream = createWriteStream(this.logPath);
  private ports!: Record<Program, number>;
  private services!: { redis: string; postgres: string };

  static async start(): Promise<World> {
    const world = new World();
    world.services = await services();
    world.ports = { api: await freePort(), ingestion: await freePort(), consumer: await freePort() };
    await world.psql(`CREATE DATABASE ${world.name}`);
    try {
      // The consumer brings the database to its schema.
      await world.up("consumer");
      await Promise.all([world.up("api"), world.up("ingestion")]);
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }

  get ingestionUrl(): string {
    return `http://127.0.0.1:${this.ports.ingestion}`;
  }

  /** Starts it on its port and waits until it is ready. */
  async up(program: Program): Promise<void> {
    const child = spawn(join(PROGRAMS, program), {
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        REDIS_URL: this.services.redis,
        POSTGRES_URL: this.services.postgres.replace(/[^/]*$/, this.name),
        STREAM_KEY: this.name,
        API_PORT: String(this.ports.api),
        INGESTION_PORT: String(this.ports.ingestion),
        CONSUMER_PORT: String(this.ports.consumer),
      },
    });
    child.stdout.pipe(this.log, { end: false });
    child.stderr.pipe(this.log, { end: false });
    await once(child, "spawn");
    this.running.set(program, child);
    await this.ready(program, child);
  }

  /** SIGTERM, and waits for the end. */
  async down(program: Program): Promise<void> {
    const child = this.running.get(program);
    this.running.delete(program);
    if (child === undefined || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.keys()].map((program) => this.down(program)));
    this.log.end();
    await this.psql(`DROP DATABASE ${this.name} WITH (FORCE)`);
    const keys = [this.name, ...["ledger", "generator", "commits"].map((key) => `{${this.name}}:${key}`)];
    await redis(this.services.redis, ["DEL", ...keys]);
  }

  private async ready(program: Program, child: ChildProcess): Promise<void> {
    const url = `http://127.0.0.1:${this.ports[program]}/health/ready`;
    const deadline = Date.now() + 15_000;
    while (Date.now() < deadline && child.exitCode === null) {
      const response = await fetch(url).catch(() => null);
      if (response?.ok) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`${program} is not ready (exit code ${child.exitCode}); see ${this.logPath}`);
  }

  private async psql(sql: string): Promise<void> {
    const env = { ...process.env, REDIS_URL: this.services.redis, POSTGRES_URL: this.services.postgres };
    await run(join(CHECKOUT, "scripts/client.sh"), ["psql", "-qc", sql], { env });
  }
}

/** From the environment, else those of `scripts/services.sh`. */
async function services(): Promise<{ redis: string; postgres: string }> {
  const { REDIS_URL, POSTGRES_URL } = process.env;
  if (REDIS_URL && POSTGRES_URL) return { redis: REDIS_URL, postgres: POSTGRES_URL };
  const script = join(CHECKOUT, "scripts/services.sh");
  await run(script, ["start"]);
  const { stdout } = await run(script, ["env"]);
  const found = Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(/=(.*)/s)));
  return { redis: found["REDIS_URL"] ?? "", postgres: found["POSTGRES_URL"] ?? "" };
}

/** Below the ports that the system gives to clients, so that no connection takes it meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, "127.0.0.1");
    const listening = await new Promise((resolve) => {
      server.once("listening", () => resolve(true)).once("error", () => resolve(false));
    });
    if (!listening) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

async function redis(address: string, command: string[]): Promise<void> {
  const { hostname, port, username, password } = new URL(address);
  const socket = connect(Number(port || 6379), hostname);
  const login = ["AUTH", ...(username ? [username] : []), decodeURIComponent(password)];
  const commands = [...(password ? [login] : []), command, ["QUIT"]];
  for (const words of commands) {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join("")}`);
  }
  socket.resume();
  await once(socket, "close");
}
