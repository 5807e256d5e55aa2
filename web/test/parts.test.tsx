// @vitest-environment happy-dom
import { act } from "react";
import { TidemarkError } from "tidemark-client";
import { afterEach, expect, test, vi } from "vitest";
import { MoreDialog } from "../src/breakdowns/MoreDialog";
import { useSession, recognise, signIn } from "../src/data/session";
import { Guard } from "../src/Guard";
import { Connection } from "../src/header/Connection";
import { FilterBar } from "../src/header/FilterBar";
import { FilterForm } from "../src/header/FilterForm";
import { HelpDialog } from "../src/header/HelpDialog";
import { meant } from "../src/header/shortcuts";
import { FirstEvent } from "../src/overview/FirstEvent";
import { LiveTail } from "../src/panels/tail/LiveTail";
import { Counting } from "../src/panels/parts/Counting";
import { Cohorts } from "../src/panels/retention/Cohorts";
import { Shown } from "../src/parts/states";
import { useTheme } from "../src/state/theme";
import { Page } from "./page";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const busy = new TidemarkError(503, { code: "database_unavailable", detail: "the database is away" });

test("old data of a panel whose question fails is called old", async () => {
  const page = new Page();
  const loaded = { data: 7, failure: busy, again: () => {} };
  await page.show(<Shown loaded={loaded} lines={1} what="it">{(data) => <b>{data}</b>}</Shown>);
  expect(page.text).toBe("7Not up to date: The api answered 503: the database is away.");
});

test("a page that can't be drawn says so", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const Broken = () => {
    throw new Error("odd");
  };
  const page = new Page();
  await page.show(<Guard><Broken /></Guard>);
  expect(page.text).toContain("The page’s error: Error: odd");
  expect(page.button("Reload")).toBeDefined();
});

test("where something else answers in the api’s place, questions find out", async () => {
  const page = new Page();
  const Told = () => <p>{JSON.stringify(useSession())}</p>;
  await page.show(<Told />);
  for (const body of ["<html>", "null"]) {
    vi.stubGlobal("fetch", async () => new Response(body));
    await act(recognise);
    expect(page.text).toContain('"auth":"off"');
  }
});

test("the theme is in the document before anything is drawn in it", async () => {
  const page = new Page();
  const drawn: (string | undefined)[][] = [];
  function Switch() {
    const [theme, set] = useTheme();
    drawn.push([theme, document.documentElement.dataset.theme]);
    return <button type="button" onClick={() => set("dark")}>Dark</button>;
  }
  await page.show(<Switch />);
  await page.press("Dark");
  expect(drawn.at(-1)).toEqual(["dark", "dark"]);
  expect(drawn.map(([theme, shown]) => `${theme} ${shown}`)).not.toContain("dark undefined");
  expect(localStorage.getItem("tidemark.theme")).toBe("dark");
});

test("pages of values are turned one by one", async () => {
  history.replaceState(null, "", "/?more=page");
  const page = new Page();
  await page.show(<MoreDialog />);
  const range = () => page.element.querySelector(".pages .aside")?.textContent;
  const row = (key: string) => ({ key, share: 1, events: 1, users: 1, sessions: 1, value: "0" });
  const answer = (key: string, next_cursor: string) => ({ data: [row(key)], meta: { watermark: null, next_cursor } });
  expect(range()).toBe("");
  await page.newest.reply(answer("/a", "second"));
  expect(range()).toBe("1 to 1");
  await page.press("Next");
  expect(page.button("Next").getAttribute("aria-disabled")).toBe("true");
  expect(range()).toBe("");
  await page.press("Next");
  expect(page.asked.map(({ url }) => url.searchParams.get("cursor"))).toEqual([null, "second"]);
  await page.newest.reply(answer("/b", "third"));
  expect(range()).toBe("51 to 51");
});

const at = "2026-11-21T12:00:05Z";

test("the numbers’ age is told by the api’s clock, not by this browser’s", async () => {
  const page = new Page();
  await page.show(
    <>
      <Connection />
      <LiveTail filter={null} tz="UTC" onSession={() => {}} />
    </>,
  );
  await act(async () => page.socket.onopen?.());
  await page.socket.says({ type: "heartbeat", watermark: "2026-11-21T12:00:04Z", at });
  expect(page.text).toContain("complete up to now. The api has counted every event accepted before 21 Nov 2026");
  await page.socket.says({ type: "heartbeat", watermark: "2026-11-21T12:00:04Z", at: "2026-11-21T12:01:04Z" });
  expect(page.text).toMatch(/complete up to (59\.9|60\.0) s ago/);
  await act(async () => page.socket.onclose?.({ code: 1001, reason: "" }));
  expect(page.text).toContain("disconnected: the api is stopping");
});

test("a paused tail shows nothing of another filter", async () => {
  const page = new Page();
  const tail = (country: string) => <LiveTail filter={["is", "country", [country]]} tz="UTC" onSession={() => {}} />;
  const event = { event_id: "1", event_type: "old_event", user_id: "ada", session_id: null, accepted_at: at };
  await page.show(tail("DE"));
  await act(async () => page.socket.onopen?.());
  const { id } = page.socket.sent[0] ?? {};
  const snapshot = { events: [event], sampled: false, skipped: 0, rate: 20 };
  await page.socket.says({ type: "subscribed", id, topic: "events", position: "1", snapshot });
  await page.press("Pause");
  expect(page.text).toContain("old_event");
  await page.show(tail("AT"));
  expect(page.text).not.toContain("old_event");
  expect(page.text).not.toContain("not current");
  expect(page.button("Pause").getAttribute("aria-pressed")).toBe("false");
});

test("what is counted from single events can be counted again, and says how far it is complete", async () => {
  const again = vi.fn();
  const meta = { watermark: at, generated_at: at, source: "raw", tz: "UTC" };
  const page = new Page();
  await page.show(
    <Counting what="retention" asked={{ data: 1, meta, failure: null, waiting: false, again }}>
      {(data) => <b>{data}</b>}
    </Counting>,
  );
  await page.press("Count again");
  expect(again).toHaveBeenCalledOnce();
  await page.press("About the numbers of retention");
  expect(page.text).toContain("Complete up to");
});

test("keys of a single character can be turned off, for the next visit too", async () => {
  const press = (key: string) => meant(new KeyboardEvent("keydown", { key }));
  expect([press("d"), press("Escape")]).toEqual(["D", "Escape"]);
  const page = new Page();
  await page.show(<HelpDialog />);
  await page.press("Help and keys");
  const box = page.element.querySelector<HTMLInputElement>("input[type=checkbox]");
  await act(async () => box?.click());
  expect(box?.checked).toBe(false);
  await page.press("Close");
  expect([press("d"), press("?"), press("Escape")]).toEqual([null, null, "Escape"]);
  expect(localStorage.getItem("tidemark.keys")).toBe("off");
});

test("the focus stays among the filters when one is taken away", async () => {
  history.replaceState(null, "", "/?filter=country:is:DE&filter=page:is:/");
  const page = new Page();
  await page.show(<FilterBar />);
  const remove = page.button("Remove the filter: Page is /");
  remove.focus();
  await act(async () => remove.click());
  expect(document.activeElement).toBe(page.button(" Filter"));
});

test("the first event is sent with a key where keys are asked for", async () => {
  const page = new Page();
  await page.show(<FirstEvent ingestion="http://in.test" />);
  const signed = (auth: string) => async () => Response.json({ auth, name: "me", scopes: ["admin"] });
  vi.stubGlobal("fetch", signed("off"));
  await act(() => signIn("", null));
  expect(page.text).not.toContain("Authorization");
  vi.stubGlobal("fetch", signed("on"));
  await act(() => signIn("tmk_1", null));
  expect(page.text).toContain("-H 'Authorization: Bearer tmk_…'");
  expect(page.text).toContain("a key with the scope write");
});

test("a suggested value is taken whole, with its commas", async () => {
  const page = new Page();
  await page.show(<FilterForm close={() => {}} />);
  await page.newest.reply({ data: [{ key: "/a, b" }], meta: { watermark: null } });
  const input = page.element.querySelector<HTMLInputElement>("input[list]");
  if (!input) throw new Error("values can't be typed");
  await act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, "/a, b");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.press("Add");
  expect(new URLSearchParams(location.search).getAll("filter")).toEqual(["page:is:/a, b"]);
});

test("what a cohort’s cells mean is read out, too", async () => {
  const page = new Page();
  const returned = [{ period: 0, users: 2, rate: 0.5, partial: true }];
  await page.show(<Cohorts cohorts={[{ start: at, size: 4, partial: true, returned }]} period="day" tz="UTC" />);
  const cells = [...page.element.querySelectorAll("td")].map((cell) => cell.textContent);
  expect(cells).toEqual(["4, not a whole period: users may be missing", "50 %, 2 users, not a whole period"]);
});
