// Does virtual time pass in order, and does a dead activity stay dead?
import { describe, expect, it } from "vitest";
import { Heap } from "./engine/heap.ts";
import { hashName, Random } from "./engine/random.ts";
import { World } from "./engine/world.ts";
import { drawSwarm } from "./swarm.ts";

const makeWorld = () => new World(1, drawSwarm(1), {});

describe("the heap", () => {
  it("gives the earliest first, and of the same moment the one that was planned first", () => {
    const heap = new Heap();
    const random = new Random(7);
    const planned = Array.from({ length: 200 }, (_, order) => ({
      at: random.between(0, 20),
      order,
      code: 0,
      isVoid: false,
      run() {
        return undefined;
      },
    }));
    for (const item of planned) heap.push(item);
    const popped = planned.map(() => heap.pop());
    expect(popped).toEqual([...planned].sort((a, b) => a.at - b.at || a.order - b.order));
    expect(heap.pop()).toBeUndefined();
  });
});

describe("an activity", () => {
  it("goes on when its time has come, and others in between", async () => {
    const world = makeWorld();
    const seen: string[] = [];
    for (const [name, ms] of [
      ["slow", 50],
      ["fast", 20],
    ] as const) {
      const activity = world.begin(name);
      activity.run(
        async () => {
          await activity.sleep(ms);
          seen.push(`${name} at ${world.now}`);
        },
        () => undefined,
      );
    }
    await world.run(1_000);
    expect(seen).toEqual(["fast at 20", "slow at 50"]);
  });

  it("is not resumed once it is dead, and its death is told once", async () => {
    const world = makeWorld();
    const activity = world.begin("mortal");
    const told: string[] = [];
    activity.onDeath = () => told.push("died");
    activity.run(
      () => activity.sleep(50),
      () => told.push("ended"),
    );
    world.plan(10, 0, () => activity.die());
    world.plan(20, 0, () => activity.die());
    await world.run(1_000);
    expect(told).toEqual(["died"]);
  });

  it("may wait for several calls at once", async () => {
    const world = makeWorld();
    const activity = world.begin("parallel");
    let endedAt = 0;
    activity.run(
      () => Promise.all([activity.sleep(10), activity.sleep(40), activity.sleep(20)]),
      () => {
        endedAt = world.now;
      },
    );
    await world.run(1_000);
    expect(endedAt).toBe(40);
  });
});

describe("chance", () => {
  it("is the same for the same seed and name, and another for another", () => {
    const draw = (name: string) => new Random(hashName(3, name)).next();
    expect(draw("a")).toBe(draw("a"));
    expect(draw("a")).not.toBe(draw("b"));
  });
});
