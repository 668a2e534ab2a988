// What happens when a task is asked to stop?
import { z } from "zod";
import { checkCluster, type Ecs, findTask } from "./context.ts";
import { invalidParameter, parseInput } from "./parse.ts";
import { stopTask } from "./stop.ts";
import { viewTask } from "./view.ts";

const stopRequest = z.strictObject({
  cluster: z.string().optional(),
  task: z.string(),
  reason: z.string().optional(),
});

/** Asks for the stop and answers at once; the task is gone only when DescribeTasks says STOPPED. */
export function answerStopTask(ecs: Ecs, input: Record<string, unknown>) {
  const request = parseInput(stopRequest, input);
  checkCluster(ecs, request.cluster);
  const task = findTask(ecs, request.task);
  if (!task) throw invalidParameter("The referenced task was not found.");
  stopTask(ecs, task, { stopCode: "UserInitiated", stoppedReason: request.reason ?? "Task stopped by user" });
  return { task: viewTask(ecs, task.record) };
}
