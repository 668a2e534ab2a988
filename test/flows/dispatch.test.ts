// Does whoever chooses what runs next keep to times, turns and limits, and leave nobody asleep beside a free slot?
import { describe, expect, it } from "vitest";
import type { Cloud, LaunchOutcome } from "../../functions/core/cloud.ts";
import type { TaskId } from "../../functions/core/ids.ts";
import type { Limits } from "../../functions/core/slots.ts";
import type { Due, Task } from "../../functions/core/task.ts";
import { buryWakeUps } from "../../functions/flows/bury-wake-up.ts";
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
