// Events of a small shop, the same in every run but for the day they end on.

import type { StoredEvent } from "./stack/stack";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PAGES = ["/", "/pricing", "/shop", "/shop/lamp", "/shop/chair", "/blog", "/blog/tides", "/about"];
const REFERRERS = ["", "https://search.example/", "https://news.example/", "https://friends.example/"];
const COUNTRIES = ["DE", "FR", "GB", "US", "JP", "BR"];
const DEVICES = ["desktop", "mobile", "mobile", "tablet"];
const BROWSERS = ["Firefox", "Chrome", "Safari", "Chrome"];
const SYSTEMS = ["Linux", "Android", "iOS", "Windows"];
export const USERS = 60;

/** Deterministic, from 0 up to but not 1. */
function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898 + 78.233) * 43758.5453;
  return x - Math.floor(x);
}

function pick<T>(from: readonly T[], seed: number): T {
  return from[Math.floor(noise(seed) ** 1.6 * from.length)] as T;
}

/** Visits over the last eight days, most of them in the last day, none in the last two minutes. */
export function visits(now: number): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let visit = 0; visit < 420; visit += 1) {
    const back = visit % 3 === 0 ? noise(visit) * 8 * DAY : noise(visit) ** 2 * DAY;
    events.push(...path(visit, now - 25 * MINUTE - back));
  }
  // So that short ranges hold something, too.
  for (let visit = 420; visit < 440; visit += 1) events.push(...path(visit, now - 12 * MINUTE));
  return events;
}

/** One visit: some pages, perhaps a basket, perhaps a purchase. */
function path(visit: number, start: number): StoredEvent[] {
  const user = Math.floor(noise(visit + 0.5) * USERS);
  const of = (name: string, step: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
    event_id: id(visit, step),
    event_type: name,
    occurred_at: new Date(start + step * 40_000).toISOString(),
    user_id: `user-${String(user).padStart(3, "0")}`,
    session_id: id(visit, 255),
    page: pick(PAGES, visit * 31 + step),
    country: COUNTRIES[user % COUNTRIES.length] ?? "DE",
    device: DEVICES[user % DEVICES.length] ?? "desktop",
    browser: BROWSERS[user % BROWSERS.length] ?? "Firefox",
    os: SYSTEMS[user % SYSTEMS.length] ?? "Linux",
    ...more,
  });
  const referrer = pick(REFERRERS, visit * 17);
  const views = 1 + Math.floor(noise(visit * 3) * 6);
  const steps = Array.from({ length: views }, (_, step) =>
    of("page_view", step, {
      duration_ms: 200 + Math.floor(noise(visit + step) * 1500),
      ...(step === 0 && referrer !== "" && { referrer }),
    }),
  );
  if (views > 2) steps.push(of("add_to_cart", views, { page: "/shop/lamp" }));
  if (views > 4) steps.push(of("purchase", views + 1, { page: "/shop/lamp", value: `${20 + (visit % 9)}.50` }));
  return steps;
}

/** A UUID that says which event it is. */
function id(visit: number, step: number): string {
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");
  return `${hex(visit, 8)}-0000-7000-8000-${hex(step, 12)}`;
}
