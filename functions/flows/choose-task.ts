// Which task should run next? Least served workspace first; within it exact priority, then age.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { beginningOf, positionOf, type ReadyWorkspace } from "../core/ready-order.ts";
import type { HeldSlot } from "../core/slots.ts";
import type { Slot, Task } from "../core/task.ts";
import { beginLook, considerTask, type Look, putAside, type Wait } from "./consider-task.ts";
import { readyWorkspaces } from "./ready-workspaces.ts";
import { isSound } from "./sound-tasks.ts";

/** `fenced`: tasks that were met on the way and can never run, since a stop covers them. */
export type Choice = ({ kind: "claim"; task: Task; slots: Slot[] } | { kind: "none"; reason: string }) & {
  fenced: Task[];
};

/** One look through the workspaces. */
interface Search extends Look {
  woken: Task | undefined;
  fenced: Task[];
  /** Of all workspaces together: so many are read behind their heads, when nothing of those may run. */
  pagesLeft: number;
}

const headLength = 10;
const pageSize = 100;
const pagesBehindHeads = 5;
/** From the time that a task has as its own to the write that admits it: so much older it may be than the stop that did not see it. */
const longestSubmissionMs = 30_000;

/** `woken`, which the wake-up names, was read directly: it stands beside the heads of the index, which lags behind. */
export async function chooseTask(cloud: Cloud, woken: Task | undefined): Promise<Choice> {
  const search: Search = { ...beginLook(cloud), woken, fenced: [], pagesLeft: pagesBehindHeads };
  const { fenced } = search;
  const held = await search.holders("global");
  if (held.length >= cloud.settings.limits.global) return { kind: "none", reason: "every slot is held", fenced };
  for await (const ready of leastServedFirst(cloud, held, woken)) {
    const found = await searchIn(cloud, search, ready);
    if (found) return { ...found, fenced };
    const last = fenced.at(-1);
    if (last && (await search.switches(last)).global.stopped)
      return { kind: "none", reason: "everything is stopped", fenced };
  }
  return { kind: "none", reason: "no task is ready, or the ones that are may not run now", fenced };
}

/**
 * Fewest running first, so that a long queue of one workspace never keeps another waiting; ties by chance. Whoever has
 * nothing running comes at once: no more than those that have are looked at in vain.
 */
async function* leastServedFirst(
  cloud: Cloud,
  held: readonly HeldSlot[],
  woken: Task | undefined,
): AsyncGenerator<ReadyWorkspace> {
  const running = (workspace: string) => held.filter((slot) => slot.workspace === workspace).length;
  const served: ReadyWorkspace[] = [];
  let isIndexed = woken === undefined;
  for await (const ready of readyWorkspaces(cloud)) {
    isIndexed ||= ready.workspace === woken?.workspace;
    if (running(ready.workspace) === 0) yield ready;
    else served.push(ready);
  }
  if (woken && !isIndexed) served.push({ workspace: woken.workspace, head: [] });
  served.sort((a, b) => running(a.workspace) - running(b.workspace));
  for (const one of served) yield one;
}

async function searchIn(cloud: Cloud, search: Search, ready: ReadyWorkspace) {
  const waits: Wait[] = [];
  try {
    for await (const task of inOrder(cloud, search, ready)) {
      const verdict = await considerTask(cloud, search, task);
      if (verdict.kind === "claim") return verdict;
      if (verdict.kind === "next_workspace") return undefined;
      if (verdict.kind === "wait") waits.push(verdict);
      else search.fenced.push(task);
    }
    return undefined;
  } finally {
    await putAside(cloud, waits);
  }
}

/** Its head, and while whoever asks goes on what stands behind that: a crowd that cannot run must not hide who can. */
async function* inOrder(cloud: Cloud, search: Search, { workspace, head }: ReadyWorkspace): AsyncGenerator<Task> {
  const { woken } = search;
  const known = head.slice(0, headLength);
  let tasks = await readReady(cloud, workspace, known, woken);
  yield* tasks;
  const seen = new Set([...known, woken?.taskId]);
  let after = beginningOf(workspace);
  for (let isMore = head.length >= headLength; isMore && search.pagesLeft > 0; ) {
    search.pagesLeft -= 1;
    const last = tasks.findLast(({ taskId }) => taskId !== woken?.taskId);
    const stop = await findStop(search, last);
    if (stop.isOn) return;
    if (stop.coversUntil > after) after = stop.coversUntil;
    const page = await cloud.table.readyAfter(after, pageSize);
    const ours = page.filter((one) => one.workspace === workspace);
    const unseen = ours.map(({ taskId }) => taskId).filter((id) => !seen.has(id));
    tasks = await readReady(cloud, workspace, unseen);
    yield* tasks;
    isMore = ours.length === pageSize;
    after = ours.at(-1)?.position ?? after;
  }
}

/**
 * Of everything, or of the task's workspace. While it is on, nothing there may run. Once it is released, what was there
 * when it came is fenced as this task is: `coversUntil` is the position behind all of that of the same priority.
 */
async function findStop({ switches }: Look, task: Task | undefined): Promise<{ isOn: boolean; coversUntil: string }> {
  if (!task) return { isOn: false, coversUntil: "" };
  const { global, workspace } = await switches(task);
  const { admitted } = task;
  const stoppedAt = Math.max(
    global.generation === admitted.global ? 0 : (global.stoppedAt ?? 0),
    workspace.generation === admitted.workspace ? 0 : (workspace.stoppedAt ?? 0),
  );
  const createdAt = Math.max(0, stoppedAt - longestSubmissionMs);
  return { isOn: global.stopped || workspace.stopped, coversUntil: positionOf({ ...task, createdAt }) };
}

async function readReady(cloud: Cloud, workspace: string, taskIds: TaskId[], woken?: Task): Promise<Task[]> {
  const others = taskIds.filter((id) => id !== woken?.taskId);
  const read = others.length > 0 ? await cloud.table.getTasks(others) : [];
  return [...read, ...(woken ? [woken] : [])]
    .filter(isSound)
    .filter((task) => task.workspace === workspace && task.status === "queued" && task.due === undefined)
    .sort((a, b) => b.priority - a.priority || a.createdAt - b.createdAt || (a.taskId < b.taskId ? -1 : 1));
}
