// How does a task change? Read, decide, write on condition; somebody else was faster: read and decide again.
import type { Cloud } from "../core/cloud.ts";
import { leaveSlots } from "../core/endings.ts";
import { busy, DroverError } from "../core/errors.ts";
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
  /** What an earlier call for the same change has left in doubt, and this one leaves. */
  sent?: Sent[];
  /** So long it is tried again while the table is busy or silent. */
  patienceMs?: number;
}

/** It may have been written: its answer is lost, or tells only of a repetition that the table was too busy for. */
export interface Sent {
  change: TaskChange;
  event: TaskEvent;
}

const tries = 3;
const contendedTries = 8;
/** A third of the time of the shortest function: one more try of a silent table takes as long. */
const patienceOfMostMs = 10_000;
const backoffMs = 25;
const longestBackoffMs = 500;

/**
 * Applies one event to a task. `decide` is asked again after each conflict, so it always judges the task it changes.
 * Conflicts of versions are limited to three tries, then `concurrent_update`; contention in DynamoDB is not a conflict
 * and only waits. `fenced` changes need
 * the switches to stand as they did at admission. `by` goes into the audit log. Throws `task_not_found`, `concurrent_update` or `busy`.
 *
 *   writes v4 ── the answer is lost ── the SDK's repetition is throttled ── reads v4: its own, and nothing is decided anew
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
  const { sent = [], patienceMs = patienceOfMostMs } = options;
  const until = cloud.clock.now() + patienceMs;
  let stale = 0;
  let contended = 0;
  for (;;) {
    const before = asRead ?? (await cloud.table.getTask(taskId));
    if (!before) throw taskNotFound(taskId);
    asRead = undefined;
    const written = await findWritten(cloud, before, sent);
    if (written) return finish(cloud, written, options);
    // Somebody was faster than what was read: the version to go on from is theirs.
    if (stale >= tries) throw concurrentUpdate(before);
    if (contended >= contendedTries || (contended > 0 && cloud.clock.now() >= until))
      throw busy(`The table is busy with ${taskId}`, sent.length > 0);
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
        return finish(cloud, { change, event: decision.event }, options);
      case "fenced":
        return { kind: "refused", code: "stopped", reason: `a stop covers ${taskId}`, task: before };
      case "slot_taken":
        if (applied.slots?.some(({ kind }) => kind === "take")) return { kind: "slot_taken", task: before };
        // A slot that should be ours to give back is not: the change must not wait for that.
        leaves = true;
        continue;
      case "stale":
        stale += 1;
        break;
      case "contended":
        contended += 1;
        sent.push({ change, event: decision.event });
    }
    await cloud.clock.sleep(cloud.ids.random() * Math.min(longestBackoffMs, backoffMs * 2 ** (stale + contended)));
  }
}

async function finish(cloud: Cloud, { change, event }: Sent, { quiet }: ChangeOptions): Promise<Change> {
  const { before, after: task } = change;
  const measure = measureEvent(event);
  if (measure) cloud.metrics?.tell(measure);
  if (owedBy(change) && !quiet) await announceEnd(cloud, task);
  return { kind: "changed", before, task };
}

/** All in doubt were decided on the same version. When that is past, one of them stands in its place, or none ever will. */
async function findWritten({ table }: Cloud, { taskId, version, lastEventId }: Task, sent: Sent[]) {
  const [first] = sent;
  if (!first || first.change.before.version === version) return undefined;
  const { before, after } = first.change;
  const [event] = after.version === version ? [] : await table.listEvents(taskId, before.version, 1);
  const eventId = event?.eventId ?? lastEventId;
  return sent.splice(0).find(({ change }) => change.event.eventId === eventId);
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
