import { expect, it } from "vitest";
import { agentIdOf } from "../../functions/core/ids.ts";
import { confirmWithinMs, type Measure } from "../../functions/core/metrics.ts";
import { confirmStop } from "../../functions/flows/confirm-stop.ts";
import { reap } from "../../functions/flows/reap.ts";
import { processesOf } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { call, kill, submit, until, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const start = () => submit(stack, { repository: remote.url, command: ["sleep", "600"], maxAttempts: 1 });

/** What is told of by `act`, in a process in which somebody watches; `laterMs` from now. */
async function toldBy(act: (cloud: typeof stack.cloud) => Promise<void>, laterMs = 0): Promise<Measure[]> {
  const told: Measure[] = [];
  const clock = { ...stack.cloud.clock, now: () => Date.now() + laterMs };
  await act({ ...stack.cloud, clock, metrics: { tell: (measure) => void told.push(measure) } });
  return told;
}

it("a stop that nobody has confirmed for ten minutes is told of in every round, until somebody has", async () => {
  const taskId = await start();
  await untilStatus(stack, taskId, "running");
  expect(await toldBy(reap)).toMatchObject([{ values: { RunningAgents: 1, QueueAge: 0, UnconfirmedStops: 0 } }]);
  const dead = { kind: "error", type: "ServerException", message: "not today", status: 500 } as const;
  const faults = ["StopTask", "DescribeTasks"].map((operation) => stack.faults.ECS.on({ operation, do: dead }));
  // It hears nothing any more, so it does not leave by itself.
  const supervisor = await until("its supervisor runs", async () => processesOf(agentIdOf(taskId, 1)).at(0));
  process.kill(Number(supervisor), "SIGSTOP");
  await kill(stack, taskId);
  const late = confirmWithinMs + 60_000;
  expect(await toldBy(reap)).toMatchObject([{ values: { RunningAgents: 0, UnconfirmedStops: 0 } }]);
  expect(await toldBy(reap, late)).toMatchObject([{ values: { UnconfirmedStops: 1 } }]);
  for (const fault of faults) fault.remove();
  await until("the stop is confirmed", async () => {
    await toldBy(reap, 2 * late);
    return (await stack.cloud.table.getTask(taskId))?.stopConfirmation;
  });
  expect(await toldBy(reap, 2 * late)).toMatchObject([{ values: { UnconfirmedStops: 0 } }]);
});

it("the age of the queue is that of the oldest task that could run", async () => {
  const pause = "/api/orchestrator/workspaces/default";
  await call(stack, "POST", `${pause}/pause`, { reason: "to look at the queue" });
  const taskId = await start();
  const [measure] = await toldBy(reap, 60_000);
  expect(measure?.values.QueueAge).toBeGreaterThanOrEqual(60);
  expect(measure?.values.QueueAge).toBeLessThan(90);
  await kill(stack, taskId);
  await call(stack, "POST", `${pause}/resume`, { reason: "looked at" });
});

it("an attempt that failed is told of once, with the class of its failure", async () => {
  const taskId = await start();
  await untilStatus(stack, taskId, "running");
  const tell = (cloud: typeof stack.cloud) => confirmStop(cloud, agentIdOf(taskId, 1), "its host is gone");
  expect(await toldBy(tell)).toEqual([{ values: { Failures: 1 }, failureClass: "infrastructure" }]);
  expect(await toldBy(tell)).toEqual([]);
});
