import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { may, type Session } from "../src/data/session";

const reader: Session = { auth: "on", name: "wall", scopes: ["read"] };

interface Asked {
  url: string;
  init: RequestInit;
}

let asked: Asked[] = [];
let replies: Response[] = [];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("location", { href: "http://page.test:3001/", hostname: "page.test" });
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ url, init });
    const reply = replies.shift();
    if (!reply) throw new TypeError("no reply");
    return reply;
  });
});

afterEach(() => vi.unstubAllGlobals());

test("admin may everything, others what they have", () => {
  expect(may(reader, "read")).toBe(true);
  expect(may(reader, "control")).toBe(false);
  expect(may({ ...reader, scopes: ["admin"] }, "control")).toBe(true);
});

test("a key is sent once to the api, and to ingestion where that is on another host", async () => {
  const { signIn } = await import("../src/data/session");
  replies = [Response.json(reader)];
  await signIn("tmk_1", "http://page.test:3002");
  expect(asked.map(({ url }) => url)).toEqual(["/api/v1/session"]);
  expect(asked[0]?.init).toMatchObject({ method: "POST", body: '{"key":"tmk_1"}' });
  replies = [Response.json(reader), Response.json(reader)];
  await signIn("tmk_1", "https://in.page.test");
  expect(asked[2]).toMatchObject({ url: "https://in.page.test/api/v1/session", init: { credentials: "include" } });
});

test("an answer that is not the api's signs nobody in", async () => {
  const { signIn } = await import("../src/data/session");
  replies = [new Response("<html>")];
  await expect(signIn("tmk_1", null)).rejects.toThrow("the answer is not the api’s");
});

test("what is refused is said as the api says it", async () => {
  const { signIn } = await import("../src/data/session");
  replies = [Response.json({ detail: "this key isn’t in force" }, { status: 401 })];
  await expect(signIn("x", null)).rejects.toThrow("isn’t in force");
  await expect(signIn("x", null)).rejects.toThrow("does not answer");
});
