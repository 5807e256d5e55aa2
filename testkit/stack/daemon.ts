// A daemon as a process of its own, started from what Cargo has built.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAMS = resolve(ROOT, process.env["TIDEMARK_PROGRAMS"] ?? "target/debug");
const LOGS = join(ROOT, "target/daemon-logs");
const READY_MS = 20_000;
const ANSWER_MS = 2_000;
const STOP_MS = 10_000;
const COMMAND_MS = 10_000;

export type Program = "api" | "ingestion" | "consumer";
export type Variables = Record<string, string>;

export class Daemon {
  private process: ChildProcess | null = null;

  constructor(
    private readonly program: Program,
    private readonly port: number,
    private readonly variables: Variables,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Returns when it is ready; a second time on the same port. */
  async start(): Promise<void> {
    mkdirSync(LOGS, { recursive: true });
    const log = openSync(join(LOGS, `${this.program}-${this.port}.log`), "a");
    const env = { ...this.variables, [`${this.program.toUpperCase()}_PORT`]: String(this.port) };
    // Away from any `.env` of the checkout.
    const started = spawn(join(PROGRAMS, this.program), [], { cwd: "/", env, stdio: ["ignore", log, log] });
    closeSync(log);
    this.process = started;
    const failed = new Promise<never>((_, reject) => {
      started.once("error", reject);
      started.once("exit", (code) => reject(new Error(`${this.described} ended with ${code}`)));
    });
    await Promise.race([this.ready(), failed]);
  }

  /** One of the program's commands; what it prints. Not waited for in place: its way to the
   *  database may be a proxy in this process. */
  async run(...words: string[]): Promise<string> {
    const options = { cwd: "/", env: this.variables, timeout: COMMAND_MS };
    const { stdout } = await promisify(execFile)(join(PROGRAMS, this.program), words, options);
    return stdout.trim();
  }

  /** SIGTERM, as an operator does it; waits until the process has ended. */
  async stop(): Promise<void> {
    const running = this.process;
    this.process = null;
    if (!running?.pid || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((done) => running.once("exit", done));
    running.kill("SIGTERM");
    const late = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  private get described(): string {
    return `${this.program} on port ${this.port} (its log is in ${LOGS})`;
  }

  private async ready(): Promise<void> {
    const isReady = async () => {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await fetch(`${this.url}/health/ready`, { signal }).catch(() => null);
      return response?.ok ?? false;
    };
    await until(`${this.described} is ready`, READY_MS, isReady);
  }
}

/** Waits until it is so; says `what` was waited for when it isn't within `ms`. */
export async function until(what: string, ms: number, isSo: () => Promise<boolean>, every = 50): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, every));
  }
}
