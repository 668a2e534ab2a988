// In which order do ready tasks stand? Workspace after workspace, and in each the order in which its tasks should run.
import type { TaskId } from "./ids.ts";
import type { Task } from "./task.ts";

/** A task in the one queue of all workspaces. */
export interface ReadyTask {
  taskId: TaskId;
  workspace: string;
  position: string;
  /** Since it was made, or since it was last allowed to run. */
  waitsSince: number;
}

export interface ReadyWorkspace {
  workspace: string;
  /** Its first tasks, in the order in which they should run. */
  head: TaskId[];
}

/**
 * The places of workspaces are spread by chance, whatever their names are: whoever begins to look at any place meets
 * each of them first about as often as the others. FNV-1a, then the mixing of MurmurHash3: names often differ at the
 * end only.
 */
function placeOf(workspace: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(workspace)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return formatPlace((hash ^ (hash >>> 16)) >>> 0);
}

const formatPlace = (n: number) => n.toString(16).padStart(8, "0");

/** `random` in [0, 1). */
export const placeByChance = (random: number): string => formatPlace(Math.floor(random * 2 ** 32));

/** Before every task of a workspace, and after every one of it. */
export const beginningOf = (workspace: string): string => `${placeOf(workspace)}#${workspace}#`;
export const endOf = (workspace: string): string => `${beginningOf(workspace)}~`;

/** Priority 10 first, then the oldest. Since when it waits stands behind the id, where it changes no order. */
function orderOf({ priority, createdAt, allowedAt, taskId }: Task): string {
  const order = `${String(10 - priority).padStart(2, "0")}#${String(createdAt).padStart(13, "0")}#${taskId}`;
  return allowedAt === undefined ? order : `${order}#${allowedAt}`;
}

export const positionOf = (task: Task): string => `${beginningOf(task.workspace)}${orderOf(task)}`;

/** Of several queues in turn, the one that is served least first; ties as they stand. `served`: a workspace for each that runs. */
export function takeInTurn(queues: readonly ReadyWorkspace[], served: readonly string[], count: number): TaskId[] {
  const left = queues.map(({ workspace, head }) => {
    return { head: [...head], running: served.filter((name) => name === workspace).length };
  });
  const taken: TaskId[] = [];
  while (taken.length < count) {
    const [next] = left.filter(({ head }) => head.length > 0).sort((a, b) => a.running - b.running);
    if (!next) break;
    taken.push(...next.head.splice(0, 1));
    next.running += 1;
  }
  return taken;
}

export function parseReady(taskId: TaskId, position: string): ReadyTask {
  const [before = "", behind = ""] = position.split(`#${taskId}`);
  const parts = before.split("#");
  const waitsSince = Number(behind.slice(1) || parts.at(-1));
  return { taskId, position, workspace: parts.slice(1, -2).join("#"), waitsSince };
}
