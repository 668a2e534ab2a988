// Does whoever chooses what runs next keep to times, turns and limits, and leave nobody asleep beside a free slot?
import { describe, expect, it } from "vitest";
import type { Cloud, LaunchOutcome, Sandboxes } from "../../functions/core/cloud.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import type { Limits } from "../../functions/core/slots.ts";
import type { Due, Task } from "../../functions/core/task.ts";
import { buryWakeUps } from "../../functions/flows/bury-wake-up.ts";
import { dispatchTask } from "../../functions/flows/dispatch-task.ts";
import { killTask } from "../../functions/flows/kill-task.ts";
import { launchTakesMs } from "../../functions/flows/launch-attempt.ts";
import { reap } from "../../functions/flows/reap.ts";
import { letGo } from "../../functions/flows/wake.ts";
import { makeCreation } from "../contract/support.ts";
import { MemoryTable } from "../simulation/cloud/memory-table.ts";
import { now } from "../support/make-task.ts";
import { idleSandboxes, openMemoryCloud, startClock } from "../support/memory-cloud.ts";

const dayMs = 86_400_000;

/** `launches`: what each backend answers to a launch; it takes all of them where nothing is said. */
function open(limits: Limits = { global: 20 }, launches: Record<string, LaunchOutcome> = {}) {
  const clock = startClock(now);
  const woken: TaskId[] = [];
  const memory = new MemoryTable(clock.now);
  const cloud = openMemoryCloud(memory, {
    clock,
    settings: { limits },
    wakeUps: { send: async (taskId) => void woken.push(taskId), probe: async () => undefined },
    sandboxes: (name) => ({
      ...idleSandboxes,
      launch: async (agentId, token) => launches[name] ?? idleSandboxes.launch(agentId, token),
    }),
  });
  const { other: target } = cloud.settings.backends.declared;
  if (target) memory.backends.set("other", { name: "other", kind: "ecs", target, createdBy: "key_1" });
  const make = (over: Partial<Task> = {}) => {
    const creation = makeCreation({ workspace: "default", ...over });
    memory.createTask(creation);
    return creation.task;
  };
  return { cloud, memory, make, pass: clock.pass, woken };
}

describe("a wake-up that is buried", () => {
  const bury = (cloud: Cloud, { taskId }: Task) =>
    buryWakeUps(cloud, [{ messageId: "1", body: JSON.stringify({ taskId }) }] as never, () => false);

  it.each<Due>([
    { kind: "ready", at: now + 20 * dayMs },
    { kind: "held", at: now + dayMs, pool: "provider:default:anthropic" },
  ])("leaves its task the time that it waits for, whatever state the backend is in: $kind", async (due) => {
    const { cloud, memory, make } = open();
    memory.putBackendHealth({ name: "default", checkedAt: now, latencyMs: 1, error: "no answer" });
    const task = make({ due, allowedAt: due.at });
    await bury(cloud, task);
    expect(memory.getTask(task.taskId)).toMatchObject({ status: "queued", due });
  });

  it("holds a task back that may run and whose backend does not answer", async () => {
    const { cloud, memory, make } = open();
    memory.putBackendHealth({ name: "default", checkedAt: now, latencyMs: 1, error: "no answer" });
    const task = make();
    await bury(cloud, task);
    expect(memory.getTask(task.taskId)?.due).toMatchObject({ kind: "held", pool: "backend:default" });
  });
});

describe("where a limit of its own binds", () => {
  /** One attempt after another ends, and whoever is woken is dispatched. Which workspaces began, in order. */
  async function runOut({ cloud, memory, pass, woken }: ReturnType<typeof open>, rounds: number) {
    const begun: string[] = [];
    for (let n = 0; n < rounds; n += 1) {
      for (const taskId of woken.splice(0)) {
        const dispatch = await dispatchTask(cloud, taskId);
        if (dispatch.kind === "dispatched") begun.push(memory.getTask(dispatch.taskId)?.workspace ?? "");
      }
      pass(3 * 60_000);
      const [live] = [...memory.rows.values()].filter(({ task }) => task.status === "launching");
      if (live) await killTask(cloud, live.task.taskId, "key_1", "it has done its work", "kill");
    }
    return begun;
  }

  it.each([
    ["a backend", { global: 20, backend: 1 }],
    ["a repository", { global: 20, repository: 1 }],
    ["everybody together", { global: 1 }],
  ])("a long queue of one workspace lets another have its turn: %s", async (_name, limits) => {
    const stage = open(limits);
    const crowd = Array.from({ length: 60 }, () => stage.make({ workspace: "many", priority: 10 }));
    for (const { taskId } of crowd) await dispatchTask(stage.cloud, taskId);
    stage.pass(1_000);
    const one = stage.make({ workspace: "one", priority: 1 });
    await dispatchTask(stage.cloud, one.taskId);
    const begun = await runOut(stage, 12);
    expect(begun.slice(0, 8)).toContain("one");
    expect(begun.length).toBeGreaterThan(8);
  });

  it("of those that wait for a pool the one with the fewest at work there is let go, and its first task", async () => {
    const { cloud, memory, make } = open({ global: 20, backend: 3 });
    const busy = make({ workspace: "busy" });
    expect(await dispatchTask(cloud, busy.taskId)).toMatchObject({ kind: "dispatched" });
    const hold = async (over: Partial<Task>) => {
      const task = make(over);
      await cloud.table.holdBack(task, "backend:default", now + dayMs);
      return task.taskId;
    };
    const [, second, first] = [
      await hold({ workspace: "busy", priority: 10 }),
      await hold({ workspace: "idle", priority: 1 }),
      await hold({ workspace: "idle", priority: 9 }),
    ];
    expect(await letGo(cloud, "backend:default", 1)).toBe(1);
    expect(memory.readyAfter("", 10).map(({ taskId }) => taskId)).toEqual([first]);
    // It counts as served now: the next turn is open to both, and the last task of each comes in the end.
    expect(await letGo(cloud, "backend:default", 9)).toBe(2);
    expect(memory.readyAfter("", 10).map(({ taskId }) => taskId)).toContain(second);
  });
});

it.each([
  ["no room", { kind: "no_capacity", why: "no room" }],
  ["no connection", { kind: "unreachable", why: "no connection" }],
  ["a wrong setting", { kind: "refused", why: "no such task definition" }],
] as const)("a launch that comes to nothing wakes whoever is ready for another backend: %s", async (_name, outcome) => {
  const { cloud, make, woken } = open({ global: 1 }, { default: outcome });
  const failing = make({ createdAt: now - 1_000, priority: 10 });
  const waiting = make({ backend: "other" });
  expect(await dispatchTask(cloud, failing.taskId)).toEqual({ kind: "dispatched", taskId: failing.taskId });
  expect(woken).toEqual([waiting.taskId]);
  expect(await dispatchTask(cloud, waiting.taskId)).toEqual({ kind: "dispatched", taskId: waiting.taskId });
});

describe("a launch in progress", () => {
  /** The wake-up of another task has claimed it, and ECS has not answered yet. */
  async function openHanging() {
    const stage = open();
    const answer = Promise.withResolvers<LaunchOutcome>();
    let asked = 0;
    const launch: Sandboxes["launch"] = (agentId, token) => {
      asked += 1;
      return asked === 1 ? answer.promise : idleSandboxes.launch(agentId, token);
    };
    const cloud: Cloud = { ...stage.cloud, sandboxes: () => ({ ...idleSandboxes, launch }) };
    const task = stage.make();
    const launched = dispatchTask(cloud, undefined);
    await expect.poll(() => asked).toBe(1);
    return { ...stage, cloud, task, answer, launched, askedTimes: () => asked };
  }

  it.each([
    ["its own wake-up", (cloud: Cloud, taskId: TaskId) => dispatchTask(cloud, taskId)],
    ["a round of the reaper", (cloud: Cloud) => reap(cloud)],
  ])("is left alone by %s, so that no room is known to have started nothing", async (_who, comes) => {
    const { cloud, memory, task, pass, answer, launched, askedTimes } = await openHanging();
    pass(launchTakesMs - 1);
    await comes(cloud, task.taskId);
    expect(askedTimes()).toBe(1);
    answer.resolve({ kind: "no_capacity", why: "no room" });
    await launched;
    const back = memory.getTask(task.taskId);
    expect(back).toMatchObject({ status: "queued", putBacks: 1 });
    expect(back?.owedCleanups).toBeUndefined();
  });

  it("is taken up once its claimer must have had its answer", async () => {
    const { cloud, memory, task, pass, answer, launched, askedTimes } = await openHanging();
    pass(launchTakesMs);
    await dispatchTask(cloud, task.taskId);
    expect(askedTimes()).toBe(2);
    answer.resolve({ kind: "no_capacity", why: "no room" });
    await launched;
    expect(memory.getTask(task.taskId)).toMatchObject({ status: "queued", owedCleanups: [{ attempt: 1 }] });
  });
});
