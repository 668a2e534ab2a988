// Which workspaces have ready work? Only these are read, however many others there are.
import type { Cloud } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { beginningOf, endOf, placeByChance, type ReadyTask } from "../core/ready-order.ts";
import type { Table } from "../core/table.ts";

export interface ReadyWorkspace {
  workspace: string;
  /** Its first tasks, in the order in which they should run. */
  head: TaskId[];
}

const pageSize = 100;
/** So many of one workspace are enough: what is behind them is not read. */
const headLength = 10;

/**
 * In turn, from one by chance on, so that the first is not always the same. One request while all that is ready fits
 * in a page; else one more for every page of workspaces that are asked for, since the rest of a long queue is skipped.
 */
export async function* readyWorkspaces(
  { table, ids }: Pick<Cloud, "table" | "ids">,
  readFirst = () => firstReady(table),
): AsyncGenerator<ReadyWorkspace> {
  const all = await readFirst();
  if (all.length < pageSize) {
    const groups = group(all);
    const first = Math.floor(ids.random() * groups.length);
    // `yield*` would wrap the list into promises first, and most often there is nothing in it.
    for (const one of [...groups.slice(first), ...groups.slice(0, first)]) yield one;
    return;
  }
  const start = placeByChance(ids.random());
  yield* readBetween(table, start);
  yield* readBetween(table, "", start);
}

/** All that is ready, unless it fills the page. */
export const firstReady = (table: Table): Promise<ReadyTask[]> => table.readyAfter("", pageSize);

async function* readBetween(table: Table, from: string, until?: string): AsyncGenerator<ReadyWorkspace> {
  for (let after = from; ; ) {
    const page = await table.readyAfter(after, pageSize);
    const wanted = page.filter(({ position }) => until === undefined || position < until);
    const groups = group(wanted);
    const isLast = page.length < pageSize || wanted.length < page.length;
    // The last workspace of a full page may go on in the next one.
    const cut = isLast ? undefined : groups.pop();
    yield* groups;
    if (!cut) return;
    if (cut.head.length >= headLength) yield cut;
    after = cut.head.length >= headLength ? endOf(cut.workspace) : beginningOf(cut.workspace);
  }
}

function group(tasks: readonly ReadyTask[]): ReadyWorkspace[] {
  const groups = new Map<string, TaskId[]>();
  for (const { workspace, taskId } of tasks) groups.set(workspace, [...(groups.get(workspace) ?? []), taskId]);
  return [...groups].map(([workspace, head]) => ({ workspace, head }));
}
