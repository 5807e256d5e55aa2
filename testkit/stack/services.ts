// A database and a stream of our own, on the services that the environment names, else on those
// of `scripts/services.sh`.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
const CLIENT_MS = 30_000;
/** The first start of the services fetches their programs. */
const START_MS = 600_000;

interface Addresses {
  redis: string;
  postgres: string;
}

let known: Addresses | undefined;

export function addresses(): Addresses {
  known ??= found();
  return known;
}

function found(): Addresses {
  const { REDIS_URL, POSTGRES_URL } = process.env;
  if (REDIS_URL && POSTGRES_URL) return { redis: REDIS_URL, postgres: POSTGRES_URL };
  run("services.sh", ["start"], START_MS);
  const lines = run("services.sh", ["env"], CLIENT_MS).trim().split("\n");
  const said = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
  return { redis: said["REDIS_URL"] ?? "", postgres: said["POSTGRES_URL"] ?? "" };
}

function psql(sql: string): void {
  const { redis, postgres } = addresses();
  run("client.sh", ["psql", "-Xqc", sql], CLIENT_MS, { REDIS_URL: redis, POSTGRES_URL: postgres });
}

function run(script: string, words: string[], timeout: number, more = {}): string {
  const env = { ...process.env, ...more };
  return execFileSync(join(SCRIPTS, script), words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout, env });
}

/** The server's URL with another database, and, with `at`, by another way. */
export function databaseUrl(name: string, at?: { host: string; port: number }): string {
  const url = new URL(addresses().postgres);
  url.pathname = `/${name}`;
  if (at) url.host = `${at.host}:${at.port}`;
  return url.href;
}

export function databaseAddress(): { host: string; port: number } {
  const { hostname, port } = new URL(addresses().postgres);
  return { host: hostname, port: Number(port || 5432) };
}

export function createDatabase(name: string): void {
  psql(`CREATE DATABASE ${name}`);
}

/** The database and the keys of the stream. */
export async function remove(name: string): Promise<void> {
  psql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await redis(`DEL ${name} {${name}}:ledger {${name}}:generator`);
}

/** By the inline form of Redis's protocol: where a Redis is given there may be no redis-cli. */
async function redis(command: string): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(addresses().redis);
  const words = [username, password].filter(Boolean).map((word) => JSON.stringify(decodeURIComponent(word)));
  const login = words.length > 0 ? [`AUTH ${words.join(" ")}`] : [];
  const socket = connect(Number(port || 6379), hostname);
  socket.end([...login, `SELECT ${pathname.slice(1) || "0"}`, command, "QUIT", ""].join("\r\n"));
  socket.resume();
  await once(socket, "close", { signal: AbortSignal.timeout(CLIENT_MS) });
}

/** Below the ports that the system gives to clients, so that no connection takes it meanwhile. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    if (!(await listens(server, port))) continue;
    await new Promise((closed) => server.close(closed));
    return port;
  }
  throw new Error("no port is free");
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((done) => {
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => done(true));
  });
}
