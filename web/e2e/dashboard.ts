// The page as a person uses it.

import { expect, type Locator, type Page } from "@playwright/test";
import { METRIC, type Amount, type Metric } from "../src/state/metrics";
import type { Stack } from "./stack/stack";

export class Dashboard {
  constructor(
    readonly page: Page,
    private readonly stack: Stack,
  ) {}

  /** Opens the page and waits until the totals are there. */
  async open(params: Record<string, string> = {}): Promise<void> {
    await this.goto(params);
    await expect(this.tile("events")).toHaveText(/\d/);
  }

  async goto(params: Record<string, string> = {}): Promise<void> {
    await this.page.goto(`${this.stack.api.url}/?${new URLSearchParams(params)}`);
  }

  panel(name: string): Locator {
    return this.page.locator(`[data-panel="${name}"]`);
  }

  breakdown(dimension: string): Locator {
    return this.page.locator(`section.breakdown-${dimension}`);
  }

  tile(metric: Metric): Locator {
    return this.page.locator(`.tile[data-metric="${metric}"] .number`);
  }

  /** The number beside a name in a list of facts. */
  fact(panel: string, name: string): Locator {
    const row = this.panel(panel).locator(".facts > div");
    return row.filter({ has: this.page.getByText(name, { exact: true }) }).locator("dd");
  }

  get connection(): Locator {
    return this.page.getByTestId("connection");
  }

  /** Every tile shows what REST answers. */
  async expectTotals(totals: Partial<Record<Metric, Amount>>): Promise<void> {
    for (const [name, value] of Object.entries(totals)) {
      const metric = name as Metric;
      await expect(this.tile(metric), metric).toHaveText(METRIC[metric].show(value));
    }
  }

  async openDetails(): Promise<void> {
    for (const details of await this.page.locator("details > summary").all()) await details.click();
  }

  param(name: string): string | null {
    return new URL(this.page.url()).searchParams.get(name);
  }

  /** Scrolls through the page, so that all of it asks what it has to ask. */
  async seeAll(): Promise<void> {
    for (const panel of ["funnel", "retention"]) await this.panel(panel).scrollIntoViewIfNeeded();
    await expect(this.page.locator(".skeleton")).toHaveCount(0);
    await this.page.evaluate(() => scrollTo(0, 0));
  }
}

/** A closed range of `hours` that ends on the last full hour. */
export function closedRange(hours: number): { from: string; to: string } {
  const hour = 3_600_000;
  const to = Math.floor(Date.now() / hour) * hour;
  return { from: new Date(to - hours * hour).toISOString(), to: new Date(to).toISOString() };
}
