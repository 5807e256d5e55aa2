// A database and a stream of our own on the services of `scripts/services.sh`.

import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const CLIENT = fileURLToPath(new URL("../../../scripts/client.sh", import.meta.url));

function client(...words: string[]): string {
  return execFileSync(CLIENT, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export function variable(name: "REDIS_URL" | "POSTGRES_URL"): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; \`make e2e\` sets it`);
  return value;
}

export function createDatabase(name: string): void {
  client("psql", "-Xqc", `CREATE DATABASE ${name}`);
}

/** The database and every key of the stream. */
export function remove(name: string): void {
  client("psql", "-Xqc", `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  const keys = client("redis-cli", "--scan", "--pattern", `*${name}*`).split("\n").filter(Boolean);
  if (keys.length > 0) client("redis-cli", "DEL", ...keys);
}

/** The server's URL with another database. */
export function databaseUrl(name: string, at?: { host: string; port: number }): string {
  const url = new URL(variable("POSTGRES_URL"));
  url.pathname = `/${name}`;
  if (at) url.host = `${at.host}:${at.port}`;
  return url.href;
}

export function databaseAddress(): { host: string; port: number } {
  const { hostname, port } = new URL(variable("POSTGRES_URL"));
  return { host: hostname, port: Number(port || 5432) };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
