import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { facts, stateOf } from "../../src/panels/generator/facts";
import { begun, stagesOf, stagesText } from "../../src/panels/generator/profile";
import { MAX_RATE, POSITIONS, positionOf, rateAt } from "../../src/panels/generator/scale";
import { Sender } from "../../src/panels/generator/sender";
import { applied, type Change, type View } from "../../src/panels/generator/settings";

const view: View = {
  running: true,
  rate: 5000,
  profile: { kind: "constant" },
  arrivals: "uniform",
  day_shape: false,
  faults: { duplicates: 0.01, late: 0.02, out_of_order: 0, malformed: 0, skewed: 0 },
  limit: null,
  status: { wanted_rate: 5000, achieved_rate: 4000, sent: 10, missed: 0, paused_by: null, finished: false },
};

test("the ends of the slider are silence and the most", () => {
  expect(rateAt(0)).toBe(0);
  expect(rateAt(1)).toBe(1);
  expect(rateAt(POSITIONS)).toBe(MAX_RATE);
  expect(positionOf(0)).toBe(0);
  expect(positionOf(Number.NaN)).toBe(0);
  expect(positionOf(0.2)).toBe(1);
  expect(positionOf(10 * MAX_RATE)).toBe(POSITIONS);
});

test("the rate never falls while the slider rises, and comes back near where it was", () => {
  for (let position = 1; position <= POSITIONS; position += 1) {
    const rate = rateAt(position);
    expect(rate).toBeGreaterThanOrEqual(rateAt(position - 1));
    expect(rate).toBe(Math.round(rate * 10) / 10);
    const back = rateAt(positionOf(rate));
    expect(Math.abs(back - rate) / rate).toBeLessThan(0.06);
  }
});

test("the generator says what holds it back", () => {
  const held = { ...view, status: { ...view.status, missed: 3, paused_by: "memory" } };
  expect(stateOf(view)).toEqual(["good", "running"]);
  expect(stateOf({ ...view, running: false })).toEqual(["plain", "stopped"]);
  expect(stateOf(held)[0]).toBe("warn");
  expect(facts(held)).toContainEqual(["Held back by", "Redis’s memory", "bad"]);
  expect(facts(held)).toContainEqual(["Missed of the schedule", "3", "warn"]);
  expect(facts(view)).toContainEqual(["Achieved", "4,000 events/s", "warn"]);
  expect(facts(view)).toContainEqual(["Sent with a fault", "3 % of events"]);
});

test("a changed fault leaves the others as they are", () => {
  expect(applied(view, { faults: { late: 0.5 } }).faults).toMatchObject({ duplicates: 0.01, late: 0.5 });
});

test("stages are read as they are written", () => {
  const profile = begun("stages", 1000);
  if (profile.kind !== "stages") throw new Error("another kind");
  expect(stagesOf(stagesText(profile.stages))).toEqual(profile.stages);
  expect(stagesOf(" 10x1 , 2.5 x 3")).toEqual([{ rate: 10, seconds: 1 }, { rate: 2.5, seconds: 3 }]);
  for (const text of ["", "10", "10x", "10x1,", "ax1", "1.2.3x1"]) expect(stagesOf(text), text).toBeNull();
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A daemon that answers after 100 ms, and refuses negative rates. */
function daemon() {
  const taken: Change[] = [];
  const outcomes: string[] = [];
  const put = async (change: Change) => {
    taken.push(change);
    await new Promise((resolve) => setTimeout(resolve, 100));
    if ((change.rate ?? 0) < 0) throw new Error("below zero");
    return taken.length;
  };
  const sender = new Sender<number>({
    put,
    settled: (answer) => outcomes.push(`settled ${answer}`),
    failed: (error) => outcomes.push(error.message),
  });
  return { sender, taken, outcomes };
}

test("what is moved quickly is sent once, and never two requests at a time", async () => {
  const { sender, taken, outcomes } = daemon();
  for (let rate = 1; rate <= 20; rate += 1) sender.send({ rate });
  await vi.advanceTimersByTimeAsync(250);
  expect(taken).toEqual([{ rate: 20 }]);
  sender.send({ running: false });
  await vi.advanceTimersByTimeAsync(1000);
  expect(taken).toEqual([{ rate: 20 }, { rate: 20, running: false }].slice(0, taken.length));
  expect(taken.at(-1)).toMatchObject({ running: false });
  expect(outcomes.at(-1)).toBe(`settled ${taken.length}`);
});

test("what was refused goes again with the next change, unless it is discarded", async () => {
  const { sender, taken, outcomes } = daemon();
  sender.send({ rate: -1, arrivals: "poisson" });
  await vi.advanceTimersByTimeAsync(1000);
  expect(outcomes).toEqual(["below zero"]);
  sender.send({ rate: 5 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(taken.at(-1)).toEqual({ rate: 5, arrivals: "poisson" });
  sender.send({ rate: -1 });
  await vi.advanceTimersByTimeAsync(1000);
  sender.discard();
  sender.send({ running: true });
  await vi.advanceTimersByTimeAsync(1000);
  expect(taken.at(-1)).toEqual({ running: true });
});
