// Which schedules are due, and how does each of their times become one task?
import type { Cloud } from "../core/cloud.ts";
import { DroverError, hasCode } from "../core/errors.ts";
import type { TaskId } from "../core/ids.ts";
import { type Firing, ownerOf, type Schedule } from "../core/schedules.ts";
import { nextRun } from "./next-run.ts";
import { submitTask } from "./submit-task.ts";

const batch = 50;
/** Longer than a reaper may be down between the submission and the write after it. */
const idempotencyLifeMs = 30 * 24 * 60 * 60 * 1000;
const maxWhyCharacters = 300;

/** Each is a look at its remote. The rest come first in the next round. */
export async function fireSchedules(cloud: Cloud, _: unknown, deadline: number): Promise<void> {
  for (const { workspace, scheduleId } of await cloud.table.dueSchedules(cloud.clock.now(), batch)) {
    if (cloud.clock.now() > deadline) return;
    try {
      const schedule = await cloud.table.getSchedule(workspace, scheduleId);
      // The index lags: somebody may have been faster, or have paused it.
      if (schedule?.nextAt !== undefined && schedule.nextAt <= cloud.clock.now()) {
        await fireSchedule(cloud, schedule, schedule.nextAt);
      }
    } catch (error) {
      console.error(`reaper: ${scheduleId} failed; it is fired again in the next round`, error);
    }
  }
}

/**
 *   A submits under the due time's key ── dies
 *   B           submits: the same task ── moves the schedule on
 *
 * However many times were missed, the oldest of them is made up for, and the next one lies ahead.
 */
async function fireSchedule(cloud: Cloud, schedule: Schedule, dueAt: number): Promise<void> {
  const lastOutcome = await submit(cloud, schedule, dueAt);
  const after = {
    ...schedule,
    lastOutcome,
    version: schedule.version + 1,
    nextAt: nextRun(schedule, cloud.clock.now()),
  };
  // Stale: it was edited or fired meanwhile. What is still due then is found in the next round, under the same key.
  await cloud.table.replaceSchedule(schedule, after);
}

async function submit(cloud: Cloud, schedule: Schedule, dueAt: number): Promise<Firing> {
  const { scheduleId, workspace, task } = schedule;
  const principal = { keyId: scheduleId, principal: ownerOf(schedule), workspace };
  const idempotencyKey = `${scheduleId}:${dueAt}`;
  const fired = { dueAt, at: cloud.clock.now() };
  try {
    const { taskId } = await submitTask(cloud, { principal, request: task, idempotencyKey, idempotencyLifeMs });
    return { ...fired, kind: "submitted", taskId };
  } catch (error) {
    // Fired before, and edited before that could be written down.
    if (hasCode(error, "idempotency_key_reused"))
      return { ...fired, kind: "submitted", taskId: error.details.taskId as TaskId };
    // Nobody knows whether it was written, or the table is busy: the same again, soon.
    if (!(error instanceof DroverError) || error.code === "busy") throw error;
    return {
      ...fired,
      kind: "refused",
      code: error.code,
      why: error.message.slice(0, maxWhyCharacters).toWellFormed(),
    };
  }
}
