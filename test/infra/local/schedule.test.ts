import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Schedule, startSchedule } from "../../../infra/local/schedule.ts";

const everyMs = 60_000;

let schedule: Schedule;
let runs: PromiseWithResolvers<void>[];
let errors: unknown[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  runs = [];
  errors = [];
  schedule = startSchedule({
    everyMs,
    run: () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    },
    onError: (error) => errors.push(error),
  });
});

afterEach(async () => {
  for (const run of runs) run.resolve();
  await schedule.stop();
  vi.useRealTimers();
});

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function finish(index: number): Promise<void> {
  runs[index]?.resolve();
  await advance(0);
}

describe("a schedule", () => {
  it("runs every so often, first after the first interval", async () => {
    await advance(everyMs - 1);
    expect(runs).toHaveLength(0);
    await advance(1);
    expect(runs).toHaveLength(1);
    await finish(0);
    await advance(everyMs);
    expect(runs).toHaveLength(2);
  });

  it("never overlaps itself: times during a run are left out, not made up for", async () => {
    await advance(4 * everyMs);
    expect(runs).toHaveLength(1);
    await finish(0);
    expect(runs).toHaveLength(1);
    await advance(everyMs);
    expect(runs).toHaveLength(2);
  });

  it("goes on after a run that failed", async () => {
    await advance(everyMs);
    runs[0]?.reject(new Error("broken"));
    await advance(everyMs);
    expect(errors).toEqual([new Error("broken")]);
    expect(runs).toHaveLength(2);
  });

  it("reports a run that throws before it promises anything", async () => {
    const thrown = Promise.withResolvers<unknown>();
    const broken = startSchedule({
      everyMs,
      run: () => {
        throw new Error("at once");
      },
      onError: thrown.resolve,
    });
    await advance(everyMs);
    expect(await thrown.promise).toMatchObject({ message: "at once" });
    await broken.stop();
  });
});

describe("runNow", () => {
  it("runs at once and resolves at the end of the run", async () => {
    let isDone = false;
    const done = schedule.runNow().then(() => {
      isDone = true;
    });
    await advance(0);
    expect(runs).toHaveLength(1);
    expect(isDone).toBe(false);
    await finish(0);
    await done;
  });

  it("during a run waits for one that begins later; callers who wait together share it", async () => {
    await advance(everyMs);
    const waiting = [schedule.runNow(), schedule.runNow()];
    await advance(2 * everyMs);
    expect(runs).toHaveLength(1);
    await finish(0);
    expect(runs).toHaveLength(2);
    await finish(1);
    await Promise.all(waiting);
    expect(runs).toHaveLength(2);
  });

  it("tells its caller of a failure, of its own run only", async () => {
    await advance(everyMs);
    const waiting = schedule.runNow();
    runs[0]?.reject(new Error("the scheduled one"));
    await advance(0);
    runs[1]?.resolve();
    await waiting;
    expect(errors).toEqual([new Error("the scheduled one")]);
    const failing = expect(schedule.runNow()).rejects.toThrow("mine");
    await advance(0);
    runs[2]?.reject(new Error("mine"));
    await failing;
    expect(errors).toHaveLength(1);
  });
});

describe("stop", () => {
  it("waits for the run under way, and no other begins", async () => {
    await advance(everyMs);
    const refused = expect(schedule.runNow()).rejects.toThrow("stopped");
    let isStopped = false;
    const stopped = schedule.stop().then(() => {
      isStopped = true;
    });
    await advance(3 * everyMs);
    expect(isStopped).toBe(false);
    await finish(0);
    await Promise.all([stopped, refused]);
    await advance(everyMs);
    expect(runs).toHaveLength(1);
    await expect(schedule.runNow()).rejects.toThrow("stopped");
  });
});
