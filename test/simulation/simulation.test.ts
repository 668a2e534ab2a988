// Do the production flows keep their promises on thousands of bad days? A part of what `npm run simulate` does.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { knownViolations } from "./known.ts";
import { quiet } from "./quiet.ts";
import { shrink } from "./shrink.ts";
import { type ScheduleResult, simulate } from "./simulate.ts";
import type { Stage } from "./stage.ts";
import { drawSwarm } from "./swarm.ts";
import { Tally } from "./tally.ts";

const known = new Set(Object.keys(knownViolations));
/** The long run is one of its own: `npm run simulate`. */
const budgetMs = 5_000;
const fewest = 1_000;
const most = 20_000;

let restore: () => void;
beforeAll(() => {
  restore = quiet();
});
afterAll(() => restore());

describe("many schedules", () => {
  it("break no invariant, and every transition and every fault happens", async () => {
    const tally = new Tally();
    const start = performance.now();
    for (let seed = 1; seed <= most; seed += 1) {
      tally.add(await simulate(seed, { known, checkHashes: seed % 20 === 0 }));
      if (seed >= fewest && performance.now() - start > budgetMs) break;
    }
    expect(tally.failing, "npm run simulate -- --seed … replays one").toEqual([]);
    expect(tally.missing()).toEqual([]);
    expect(tally.tasks / tally.schedules).toBeGreaterThanOrEqual(4);
    expect(tally.steps / tally.schedules).toBeGreaterThanOrEqual(300);
  });
});

describe("one seed", () => {
  it.each([1, 2, 3, 5, 8, 13, 21, 34])("%i gives the same trace each time", async (seed) => {
    const [first, second] = [await simulate(seed, { known }), await simulate(seed, { known, timeline: true })];
    expect(second.traceId).toBe(first.traceId);
    expect(second.faults).toEqual(first.faults);
    expect(second.timeline.length).toBeGreaterThan(0);
  });

  it("gives another trace than the next one", async () => {
    const traces = await Promise.all([1, 2, 3, 4].map(async (seed) => (await simulate(seed, { known })).traceId));
    expect(new Set(traces).size).toBe(4);
  });
});

describe("a safeguard that is gone", () => {
  it.each<[string, string, (stage: Stage) => void]>([
    ["the client token of a launch", "launched_twice", ({ ecs }) => Object.assign(ecs, { replay: () => undefined })],
    [
      "the fence of a beat",
      "effect_of_outsider",
      ({ table }) => Object.assign(table, { beat: () => ({ kind: "accepted", inbox: 0 }) }),
    ],
  ])("is noticed: %s", async (_name, code, prepare) => {
    const failing = await findFailure((seed) => simulate(seed, { known, prepare }), code);
    expect(failing.violation?.code).toBe(code);
  });
});

describe("a failure", () => {
  it("is shrunk to fewer faults that break the same invariant", async () => {
    const prepare = (stage: Stage) => {
      // Nothing that is owed is ever found.
      Object.assign(stage.table, { dueTasks: () => [], waitingAfter: () => [] });
    };
    const failing = await findFailure((seed) => simulate(seed, { known, prepare }));
    const small = await shrink(failing, { known, prepare });
    expect(small.violation?.code).toBe(failing.violation?.code);
    expect(small.faults.length).toBeLessThan(failing.faults.length);
    expect(small.timeline.at(-1)).toContain("INVARIANT");
  });
});

async function findFailure(run: (seed: number) => Promise<ScheduleResult>, code?: string): Promise<ScheduleResult> {
  for (let seed = 1; seed <= 1_000; seed += 1) {
    if (drawSwarm(seed).isCalm) continue;
    const result = await run(seed);
    if (code ? result.violation?.code === code : result.violation && result.faults.length > 5) return result;
  }
  throw new Error("no schedule failed");
}
