// How does a task change? Read, decide, write on condition; somebody else was faster: read and decide again.
import type { Cloud } from "../core/cloud.ts";
import { leaveSlots } from "../core/endings.ts";
import { DroverError } from "../core/errors.ts";
import type { Applied, Refused, TaskEvent } from "../core/events.ts";
import type { TaskId } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import { measureEvent } from "../core/metrics.ts";
import { owedBy } from "../core/notices.ts";
import type { TaskChange } from "../core/table.ts";
import type { Task, TaskSpec } from "../core/task.ts";
import { applyEvent } from "../core/transitions.ts";
import { announceEnd } from "./announce.ts";

export type Change =
  | { kind: "changed"; before: Task; task: Task }
  | { kind: "slot_taken"; task: Task }
  | (Refused & { task: Task });

/** What to do with the task as it now stands; may refuse, or find that nothing is to be done. */
export type Decision =
  | { event: TaskEvent; spec?: TaskSpec; message?: Message; spent?: ReadonlyMap<number, number> }
  | Refused;

export interface ChangeOptions {
  /** Only while no stop covers the task. */
  fenced?: boolean;
  /** Commits without giving the slots back, because they are contended; that is left to the cleanup. */
  leaveSlots?: boolean;
  /** Nobody is told that the task has ended: the caller does that, after what is more urgent. */
  quiet?: boolean;
  /** Only while the attempt's lease is the one that was read. */
  ifLeaseAt?: number;
  /** The task as it was just read: only when it has changed since, it is read again. */
  asRead?: Task;
}

const tries = 3;
const contendedTries = 8;
const backoffMs = 25;
const longestBackoffMs = 500;

/**
 * Applies one event to a task. `decide` is asked again after each conflict, so it always judges the task it changes.
 * Conflicts of versions are limited to three tries, then `concurrent_update`; contention in DynamoDB is not a conflict
 * and only waits. `fenced` changes need
 * the switches to stand as they did at admission. `by` goes into the audit log. Throws `task_not_found`, `concurrent_update` or `busy`.
 */
export async function changeTask(
  cloud: Cloud,
  taskId: TaskId,
  by: string,
  decide: (task: Task) => Decision | Promise<Decision>,
  options: ChangeOptions = {},
): Promise<Change> {
  let leaves = options.leaveSlots ?? false;
  let { asRead } = options;
  let stale = 0;
  let contended = 0;
  for (;;) {
    const before = asRead ?? (await cloud.table.getTask(taskId));
    if (!before) throw taskNotFound(taskId);
    asRead = undefined;
    const decision = await decide(before);
    if ("kind" in decision) return { ...decision, task: before };
    const applied = applyEvent(before, decision.event, cloud.clock.now());
    if (applied.kind === "refused") return { ...applied, task: before };
    const change = toChange(cloud, before, leaves ? leaveSlots(applied, before) : applied, decision, by);
    change.fenced = options.fenced ?? false;
    if (change.attempt?.kind === "set" && options.ifLeaseAt !== undefined) change.attempt.ifLeaseAt = options.ifLeaseAt;
    const outcome = await cloud.table.commit(change);
    switch (outcome.kind) {
      case "committed":
        tellOf(cloud, decision.event);
        if (owedBy(change) && !options.quiet) await announceEnd(cloud, change.after);
        return { kind: "changed", before, task: change.after };
      case "fenced":
        return { kind: "refused", code: "stopped", reason: `a stop covers ${taskId}`, task: before };
      case "slot_taken":
        if (applied.slots?.some(({ kind }) => kind === "take")) return { kind: "slot_taken", task: before };
        // A slot that should be ours to give back is not: the change must not wait for that.
        leaves = true;
        continue;
      case "stale":
        stale += 1;
        // Somebody was faster than what was read: the version to go on from is theirs.
        if (stale >= tries) throw concurrentUpdate((await cloud.table.getTask(taskId)) ?? before);
        break;
      case "contended":
        contended += 1;
        if (contended >= contendedTries) {
          throw new DroverError(
            "busy",
            `The table is busy with ${taskId}; nothing was changed. Send the request again.`,
          );
        }
    }
    await cloud.clock.sleep(cloud.ids.random() * Math.min(longestBackoffMs, backoffMs * 2 ** (stale + contended)));
  }
}

function tellOf({ metrics }: Cloud, event: TaskEvent): void {
  const measure = measureEvent(event);
  if (measure) metrics?.tell(measure);
}

function toChange(
  cloud: Cloud,
  before: Task,
  applied: Applied,
  { event: { type }, spec, message, spent }: Exclude<Decision, Refused>,
  by: string,
): TaskChange {
  const eventId = cloud.ids.event();
  const unhashed = {
    at: applied.task.updatedAt,
    by,
    data: applied.data,
    eventId,
    from: before.status,
    previousHash: before.lastEventHash,
    taskId: before.taskId,
    to: applied.task.status,
    type,
    version: applied.task.version,
  };
  const event = { ...unhashed, hash: cloud.hashEvent(unhashed) };
  const after = { ...applied.task, lastEventId: eventId, lastEventHash: event.hash };
  return { before, after, event, spec, message, spent, attempt: applied.attempt, slots: applied.slots, fenced: false };
}

export const taskNotFound = (taskId: string) =>
  new DroverError("task_not_found", `There is no task ${taskId}. List the tasks to find its id.`);

const concurrentUpdate = (task: Task) =>
  new DroverError("concurrent_update", `${task.taskId} kept changing; nothing was done. Read it and try again.`, {
    details: { currentVersion: task.version },
  });
