// A daemon as a process of its own, started from what Cargo has built.

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PROGRAMS = process.env.TIDEMARK_PROGRAMS ?? join(ROOT, "target/debug");
const LOGS = join(ROOT, "target/e2e-logs");
const READY_MS = 20_000;
const STOP_MS = 10_000;

export type Program = "api" | "ingestion" | "consumer";

export interface Start {
  program: Program;
  port: number;
  variables: Record<string, string>;
}

export class Daemon {
  private process: ChildProcess | null = null;

  constructor(private readonly how: Start) {}

  get url(): string {
    return `http://127.0.0.1:${this.how.port}`;
  }

  async start(): Promise<void> {
    const { program, port, variables } = this.how;
    mkdirSync(LOGS, { recursive: true });
    const log = openSync(join(LOGS, `${program}-${port}.log`), "a");
    const env = { ...variables, [`${program.toUpperCase()}_PORT`]: String(port) };
    // Away from any `.env` of the checkout.
    this.process = spawn(join(PROGRAMS, program), [], { cwd: "/", env, stdio: ["ignore", log, log] });
    closeSync(log);
    const failed = new Promise<never>((_, reject) => this.process?.once("error", reject));
    await Promise.race([this.ready(), failed]);
  }

  /** SIGTERM, as an operator does it; waits until the process has ended. */
  async stop(): Promise<void> {
    const running = this.process;
    this.process = null;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    const late = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  private async ready(): Promise<void> {
    const { program, port } = this.how;
    await until(`${program} on port ${port} is ready (its log is in ${LOGS})`, READY_MS, async () => {
      const response = await fetch(`${this.url}/health/ready`).catch(() => null);
      return response?.ok ?? false;
    });
  }
}

/** Waits until it is so; says `what` was waited for when it isn't within `ms`. */
export async function until(what: string, ms: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
