// Connection and age of the numbers.

import { whyNotReady } from "./api";
import { byId, setState, setText } from "./dom";
import * as format from "./format";
import type { LiveState } from "./live";
import { notice } from "./notices";
import type { Pipeline } from "./protocol";

const OLD_S = 10;

export class Header {
  private lastData: string | null = null;
  private watermark: { ageMs: number; takenAt: number } | null = null;

  constructor() {
    setText(byId("zone"), Intl.DateTimeFormat().resolvedOptions().timeZone || "your time zone");
    setInterval(() => this.tick(), 500);
  }

  connection(state: LiveState): void {
    const element = byId("connection");
    document.documentElement.toggleAttribute("data-stale", state.name !== "open" && this.lastData !== null);
    if (state.name === "open") {
      setState(element, "good", "live");
      notice("connection", null);
    } else if (state.name === "connecting") {
      setState(element, "warn", state.attempt === 0 ? "connecting…" : "reconnecting…");
    } else {
      setState(element, "bad", "disconnected");
      void this.explain(state.why);
    }
  }

  private async explain(why: string): Promise<void> {
    const since = this.lastData ? ` The numbers below are from ${this.lastData}.` : "";
    const say = (reason: string) =>
      notice("connection", `No live connection: ${reason}. The page keeps trying.${since}`);
    say(why);
    const cause = await whyNotReady();
    if (cause && byId("connection").dataset.state === "bad") say(`${why}; ${cause}`);
  }

  received(): void {
    this.lastData = format.time(new Date().toISOString());
  }

  pipeline(it: Pipeline): void {
    const age = it.watermark_age_seconds;
    this.watermark = age === null ? null : { ageMs: age * 1000, takenAt: performance.now() };
    this.tick();
  }

  /** The age grows by itself, so that a silent api doesn't look current. */
  private tick(): void {
    const element = byId("watermark");
    if (!this.watermark) {
      setState(element, "plain", "no watermark yet");
      return;
    }
    const ms = this.watermark.ageMs + performance.now() - this.watermark.takenAt;
    // The state comes about once a second: less than that is no delay worth a moving number.
    const text = ms < 2_000 ? "complete up to now" : `complete up to ${format.span(ms)} ago`;
    setState(element, ms < OLD_S * 1000 ? "good" : "warn", text);
  }
}
