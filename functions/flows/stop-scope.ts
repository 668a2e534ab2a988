// Stops everything in a scope: one write closes admission and fences every task in it; then their sandboxes are stopped.
import type { Cloud } from "../core/cloud.ts";
import { taskIdsOf } from "../core/ids.ts";
import { indexLagMs } from "../core/index-lag.ts";
import type { Operation } from "../core/operations.ts";
import { applyAct, formatScope, parseScope, type Scope } from "../core/switches.ts";
import type { TaskPage } from "../core/table.ts";
import { killCovered, type Run } from "./kill-covered.ts";
import { type Act, recordAct } from "./record-act.ts";
import { countIn, nameMore, namesOf } from "./scope-workspaces.ts";
import { type Alongside, chainOf, readSwitch } from "./turn-switch.ts";

const pageSize = 50;
const holdersAtOnce = 100;
/** Before the first kill, and behind the last one. */
const [firstCountMs, lastCountMs] = [1_000, 10_000];
/** For how long a stop goes on looking for those who are counted and not found. */
const longestLagMs = 60 * 60_000;

/**
 * From the write on, nothing that a task of the scope does is accepted. It comes first, and needs nothing but the scope:
 * how many tasks there are, and where, is found out behind it. The kills go on until `deadline` (epoch milliseconds);
 * the reaper finishes what is left.
 */
export async function stopScope(
  cloud: Cloud,
  scope: Scope,
  by: string,
  reason: string,
  deadline: number,
  also: Alongside = async () => [],
): Promise<Operation> {
  const operationId = cloud.ids.operation();
  const decided: Operation[] = [];
  const decide = async (): Promise<Act | undefined> => {
    const change = applyAct(await readSwitch(cloud, scope), "stop", by, reason, cloud.clock.now());
    if (change.kind === "unchanged") return undefined;
    const { generation } = change.next;
    const operation: Operation = {
      operationId,
      scope: formatScope(scope),
      generation,
      by,
      reason,
      startedAt: cloud.clock.now(),
      killed: 0,
      failed: 0,
      ...namesOf(scope),
      errors: [],
    };
    decided.push(operation);
    const data = { scope: formatScope(scope), reason, generation, operationId };
    return {
      type: "switch_stop",
      data,
      writes: [{ kind: "switch", next: change.next }, { kind: "operation", operation }, ...(await also())],
    };
  };
  const act = await recordAct(cloud, chainOf(scope), by, decide, { insists: true });
  // What was decided last is not always what was written, when a try before it has arrived late after all.
  const operation = decided.find(({ generation }) => generation === act?.data.generation);
  if (!operation) throw new Error(`the stop of ${formatScope(scope)} was not written`);
  // Until its fence was written, which takes time on a busy table, others were admitted.
  return begin(cloud, scope, { ...operation, startedAt: cloud.clock.now() }, deadline);
}

/** The fence and the operation stand, so whatever fails now is no failure of the stop: the reaper goes on with it. */
async function begin(cloud: Cloud, scope: Scope, written: Operation, deadline: number): Promise<Operation> {
  let operation = written;
  try {
    const counted = await countTasks(cloud, scope, firstCountMs);
    if (counted) {
      const { active: total, killed } = counted;
      // Not of a backend: it has tasks of workspaces that go on elsewhere.
      operation = { ...operation, total, ...(scope.kind === "backend" ? {} : { killedBefore: killed }) };
      await cloud.table.putOperation(operation);
    }
    return cloud.clock.now() < deadline ? await continueOperation(cloud, operation, deadline) : operation;
  } catch (error) {
    console.error(`${operation.operationId} comes no further in its own request`, error);
    return operation;
  }
}

/** No kill waits for a number: it stays unknown when it is refused, or is too long in coming. */
async function countTasks(cloud: Cloud, scope: Scope, withinMs: number) {
  try {
    return await countIn(cloud, scope, cloud.clock.now() + withinMs);
  } catch (error) {
    console.warn(`the tasks of ${formatScope(scope)} are not counted`, error);
    return undefined;
  }
}

/**
 * Pass after pass through its workspaces, until the deadline. Pages come from an index that lags, so what was submitted
 * a moment before the stop may be missing in them. It is finished when its counters, which do not lag, know of nobody
 * who is left; else when a pass has begun behind the lag, unless that may have missed somebody. `silent` takes up the
 * backends that do not answer.
 */
export async function continueOperation(
  cloud: Cloud,
  from: Operation,
  deadline: number,
  silent: Set<string> = new Set(),
): Promise<Operation> {
  const run: Run = { deadline, silent };
  for (let operation = from; ; ) {
    operation = await goThrough(cloud, beginAgain(cloud, operation), run);
    if (operation.workspaces.length > 0 || hasLeft(operation)) return operation;
    const { startedAt, passBegunAt = startedAt } = operation;
    const scope = parseScope(operation.scope);
    // Not of a backend: it has tasks of workspaces that go on elsewhere.
    const counted = scope.kind === "backend" ? undefined : await countTasks(cloud, scope, lastCountMs);
    const shownAt = startedAt + indexLagMs;
    const isBehindLag = passBegunAt >= shownAt;
    if (isBehindLag && (await hasMissed(cloud, operation, counted?.active))) return operation;
    if (isBehindLag || counted?.active === 0) return finish(cloud, operation, counted?.killed);
    const waitMs = Math.max(0, shownAt - cloud.clock.now());
    if (cloud.clock.now() + waitMs >= deadline) return operation;
    await cloud.clock.sleep(waitMs);
  }
}

/**
 * Nobody is admitted until the release, so whoever is counted before it is one that the index still does not show; there
 * may be one while nobody can count. Not for ever: the count may be wrong.
 */
async function hasMissed(cloud: Cloud, { scope, generation, startedAt }: Operation, active?: number): Promise<boolean> {
  const stopped = parseScope(scope);
  if (stopped.kind === "backend" || active === 0 || cloud.clock.now() > startedAt + longestLagMs) return false;
  const now = await readSwitch(cloud, stopped);
  return now.stopped && now.generation === generation;
}

/** Those too that the dispatcher or the reaper has met before their page was read: they ended by this stop all the same. */
async function finish(cloud: Cloud, operation: Operation, killedInAll = 0): Promise<Operation> {
  const { killedBefore = killedInAll } = operation;
  const killed = Math.max(operation.killed, killedInAll - killedBefore);
  // A scope smaller than its workspaces counted others too at the start, if it was counted; now the truth is known.
  const finished = { ...operation, killed, total: killed, finishedAt: cloud.clock.now() };
  await cloud.table.putOperation(finished);
  return finished;
}

/** What runs first; then page after page, saved after each, so that anybody can go on from there. */
async function goThrough(cloud: Cloud, from: Operation, run: Run): Promise<Operation> {
  let operation = await nameMore(cloud, await stopHolders(cloud, from, run));
  while (operation.workspaces.length > 0 && cloud.clock.now() < run.deadline) {
    const [workspace = "", ...others] = operation.workspaces;
    // One put back meanwhile is met among the queued, which come second; behind the fence none of them becomes live.
    const { phase = "live" } = operation;
    // An older version named no phase: its place is of both, and what it has killed is in neither any more.
    const before = operation.phase && operation.after;
    const page = await readPage(cloud, workspace, { before, limit: pageSize, phase });
    const leave = (at: Operation) => nameMore(cloud, { ...at, phase: undefined, after: undefined, workspaces: others });
    if (!page) {
      operation = await leave({ ...operation, unread: (operation.unread ?? 0) + 1 });
      await cloud.table.putOperation(operation);
      continue;
    }
    const done = await killCovered(cloud, operation, page.tasks, run);
    operation = { ...done.operation, phase, after: done.last ?? page.next };
    if (operation.after === undefined && phase === "live") operation = { ...operation, phase: "queued" };
    else if (operation.after === undefined) operation = await leave(operation);
    await cloud.table.putOperation(operation);
  }
  return operation;
}

/** Undefined when it cannot be read now: whoever is in the workspaces behind it does not wait for that. */
async function readPage(cloud: Cloud, workspace: string, page: TaskPage) {
  try {
    return await cloud.table.listTasks(workspace, page);
  } catch (error) {
    console.error(`the tasks of ${workspace} cannot be read; they are fenced, and killed in another pass`, error);
    return undefined;
  }
}

const hasLeft = ({ failed, unread = 0 }: Operation): boolean => failed > 0 || unread > 0;

/** One that came to the end of a pass goes through everything again: what it left, or missed, is still there. */
function beginAgain(cloud: Cloud, operation: Operation): Operation {
  if (operation.workspaces.length > 0 || operation.moreBehind !== undefined) return operation;
  const names = namesOf(parseScope(operation.scope));
  return { ...operation, ...names, passBegunAt: cloud.clock.now(), failed: 0, errors: [], unread: undefined };
}

/** A long queue must not keep what is at work alive. Whoever is not killed here is met again in its page. */
async function stopHolders(cloud: Cloud, operation: Operation, run: Run): Promise<Operation> {
  const held = await cloud.table.heldSlots("global");
  const scope = parseScope(operation.scope);
  const covered = held.filter(({ workspace }) => scope.kind !== "workspace" || scope.name === workspace);
  const taskIds = taskIdsOf(covered.map(({ holder }) => holder));
  let killed = operation.killed;
  for (let i = 0; i < taskIds.length && cloud.clock.now() < run.deadline; i += holdersAtOnce) {
    const tasks = await cloud.table.getTasks(taskIds.slice(i, i + holdersAtOnce));
    killed = (await killCovered(cloud, { ...operation, killed }, tasks, run)).operation.killed;
  }
  if (killed === operation.killed) return operation;
  const next = { ...operation, killed };
  await cloud.table.putOperation(next);
  return next;
}
