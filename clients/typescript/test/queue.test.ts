import { expect, test } from "vitest";
import { answered } from "../src/ingest/deliver.js";
import { line, parsed, uuidV7 } from "../src/ingest/event.js";
import { fitting, Queue } from "../src/ingest/queue.js";
import { localStorageQueue } from "../src/ingest/storage.js";

const lines = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, n) => parsed(`id${n}`, "x".repeat(bytes - 1)));

test("ids are version 7 and in the order of time", () => {
  const [early, late] = [uuidV7(1_700_000_000_000), uuidV7(1_700_000_000_001)];
  expect(early).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(early < late).toBe(true);
  expect(uuidV7(0)).not.toBe(uuidV7(0));
});

test("an event gets its id and time once", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const own = line({ event_type: "signup", user_id: "ada" }, now);
  expect(JSON.parse(own.json)).toEqual({
    event_type: "signup",
    user_id: "ada",
    event_id: own.id,
    occurred_at: "2026-11-21T12:00:00.000Z",
  });
  const given = line({ event_id: "a", event_type: "b", user_id: "é", occurred_at: "c" });
  expect(given.id).toBe("a");
  expect(given.bytes).toBe(Buffer.byteLength(`${given.json}\n`));
});

test("a batch is the oldest events that fit, and at least one", () => {
  const queue = new Queue({ events: 100, bytes: 10_000 });
  for (const each of lines(10)) queue.push(each);
  const ids = (limits: { events: number; bytes: number }) =>
    queue.batch(limits).map((line) => line.id);
  expect(ids({ events: 3, bytes: 1_000 })).toEqual(["id0", "id1", "id2"]);
  expect(ids({ events: 100, bytes: 25 })).toEqual(["id0", "id1"]);
  expect(ids({ events: 100, bytes: 1 })).toEqual(["id0"]);
  queue.remove("id0");
  expect(ids({ events: 1, bytes: 1_000 })).toEqual(["id1"]);
  expect([queue.size, queue.bytes]).toEqual([9, 90]);
});

test("a queue has room for so many events and bytes, and takes none twice", () => {
  const [a, b, c] = lines(3) as [ReturnType<typeof parsed>, ReturnType<typeof parsed>, ReturnType<typeof parsed>];
  const few = new Queue({ events: 2, bytes: 1_000 });
  expect([few.push(a), few.push(a), few.push(b), few.push(c)]).toEqual([true, true, true, false]);
  const small = new Queue({ events: 100, bytes: 15 });
  expect([small.push(a), small.push(b)]).toEqual([true, false]);
  small.remove("id0");
  expect(small.push(b)).toBe(true);
});

test("a beacon holds whole lines up to its bound", () => {
  expect(fitting(lines(5), 30)).toHaveLength(3);
  expect(fitting(lines(5), 29)).toHaveLength(2);
  expect(fitting(lines(5), 1_000)).toHaveLength(5);
  expect(fitting([], 10)).toEqual([]);
});

test("refused events are told apart from accepted ones", () => {
  const reason = (index: number) => ({ index, pointer: "/page", code: "required", detail: "d" });
  const outcome = answered(lines(4), {
    accepted: 2,
    errors: [reason(1), reason(1), reason(3)],
    errors_total: 3,
  });
  expect(outcome).toMatchObject({ accepted: [{ id: "id0" }, { id: "id2" }] });
  expect(outcome.name === "answered" && outcome.refused.map((it) => it.violations.length)).toEqual([2, 1]);
});

test("after the last reason that is told nothing is known", () => {
  const reason = { index: 2, pointer: "", code: "c", detail: "d" };
  const outcome = answered(lines(10), { accepted: 3, errors: [reason], errors_total: 7 });
  const known = outcome.name === "answered" ? [...outcome.accepted, ...outcome.refused] : [];
  expect(known).toHaveLength(3);
});

test("a storage keeps events by id, beside what others keep there", () => {
  const map = new Map([["theme", "dark"]]);
  const storage = localStorageQueue({
    get length() {
      return map.size;
    },
    key: (n) => [...map.keys()][n] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  });
  storage.put("b", "2");
  storage.put("a", "1");
  storage.put("c", "3");
  storage.remove("c");
  expect(storage.load()).toEqual([["a", "1"], ["b", "2"]]);
  expect(map.get("theme")).toBe("dark");
});
