// The generator's controls: a switch and a rate, sent to ingestion as they are moved.

import { Failure, request } from "./api";
import { byId, setFacts, setState, setText, type Fact, type Tone } from "./dom";
import * as format from "./format";
import type { Generator, Pipeline } from "./protocol";
import { MAX_RATE, positionOf, rateAt } from "./scale";

/** What was set by hand stays so long before the reported state shows again. */
const HANDS_OFF_MS = 2_000;

interface Change {
  running?: boolean;
  rate?: number;
  profile?: { kind: "constant" };
}

export class GeneratorPanel {
  private readonly toggle = byId<HTMLButtonElement>("generator-switch");
  private readonly slider = byId<HTMLInputElement>("generator-slider");
  private readonly field = byId<HTMLInputElement>("generator-rate");
  private readonly url: string;
  private running = false;
  private touchedAt = 0;
  private next: Change | null = null;
  private sending = false;

  constructor(private readonly ingestion: string) {
    this.url = `${ingestion}/api/v1/generator`;
    byId("generator-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter === this.toggle) this.send({ running: !this.running });
    });
    this.slider.addEventListener("input", () => this.slid());
    this.field.addEventListener("change", () => this.typed());
    // Enter in the number field means the number, not the button.
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.typed();
    });
  }

  /** What ingestion last reported of itself. */
  show(pipeline: Pipeline): void {
    const generator = pipeline.generator;
    for (const control of [this.toggle, this.slider, this.field]) control.disabled = !generator;
    if (!generator) {
      setState(byId("generator-state"), "warn", "ingestion is not running");
      setFacts(byId("generator-facts"), []);
      return;
    }
    this.adopt(generator);
    setFacts(byId("generator-facts"), facts(generator, pipeline));
  }

  private adopt(generator: Generator): void {
    this.running = generator.running;
    setState(byId("generator-state"), ...stateOf(generator));
    if (Date.now() - this.touchedAt < HANDS_OFF_MS || this.next || this.sending) return;
    setText(this.toggle, generator.running ? "Stop" : "Start");
    if (document.activeElement !== this.field) this.field.value = String(generator.rate);
    this.place(generator.rate);
  }

  private place(rate: number): void {
    const position = String(positionOf(rate));
    if (this.slider.value !== position) this.slider.value = position;
    this.slider.setAttribute("aria-valuetext", `${format.rate(rate)} events per second`);
  }

  private slid(): void {
    const rate = rateAt(Number(this.slider.value));
    this.field.value = String(rate);
    this.slider.setAttribute("aria-valuetext", `${format.rate(rate)} events per second`);
    this.send({ rate, profile: { kind: "constant" } });
  }

  private typed(): void {
    const rate = Number(this.field.value);
    if (this.field.value === "" || !(rate >= 0 && rate <= MAX_RATE)) {
      this.problem(`The rate must be a number from 0 to ${format.count(MAX_RATE)}.`);
      return;
    }
    this.place(rate);
    this.send({ rate, profile: { kind: "constant" } });
  }

  /** One request at a time; what is changed meanwhile is gathered for the next one. */
  private send(change: Change): void {
    this.touchedAt = Date.now();
    this.next = { ...this.next, ...change };
    if (!this.sending) void this.drain();
  }

  private async drain(): Promise<void> {
    this.sending = true;
    while (this.next) {
      const body = JSON.stringify(this.next);
      this.next = null;
      try {
        await request(this.url, `ingestion (${this.ingestion})`, {
          method: "PUT",
          headers: { "Content-Type": "application/json" },
          body,
        });
        this.problem("");
      } catch (error) {
        this.problem(this.inWords(error));
        this.touchedAt = 0;
      }
    }
    this.sending = false;
  }

  /** A browser doesn't tell a daemon that is gone from one that won't talk to this page. */
  private inWords(error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    const unreachable = error instanceof Failure && error.unreachable;
    return unreachable ? `${text}, or its CORS_ORIGINS leaves out ${location.origin}` : text;
  }

  private problem(text: string): void {
    setText(byId("generator-problem"), text);
  }
}

const HELD_BY: Record<string, string> = {
  backlog: "too long a backlog",
  memory: "Redis's memory",
  redis: "Redis, which is away",
  eviction_policy: "Redis, which would evict events",
};

export function facts(generator: Generator, { rate }: Pipeline): Fact[] {
  const { status } = generator;
  const late = rate.wanted !== null && rate.achieved !== null && rate.achieved < rate.wanted * 0.98;
  const faulty = Object.values(generator.faults).reduce((sum, share) => sum + share, 0);
  const facts: Fact[] = [
    ["Wanted", `${format.rate(rate.wanted)} events/s`],
    ["Achieved", `${format.rate(rate.achieved)} events/s`, generator.running && late ? "warn" : "plain"],
    ["Profile", format.words(generator.profile.kind)],
    ["Sent in this run", format.count(status.sent)],
    ["Missed of the schedule", format.count(status.missed), status.missed > 0 ? "warn" : "plain"],
    ["Sent with a fault", `${format.percent(faulty)} of events`],
  ];
  if (status.paused_by) {
    facts.push(["Held back by", HELD_BY[status.paused_by] ?? format.words(status.paused_by), "bad"]);
  }
  return facts;
}

export function stateOf({ running, status }: Generator): [Tone, string] {
  if (status.paused_by) return ["warn", "held back"];
  if (status.finished) return ["plain", "its run is finished"];
  return running ? ["good", "running"] : ["plain", "stopped"];
}
