// Which workspaces have ready work? Only these are read, however many others there are.
import type { Cloud, Ids } from "../core/cloud.ts";
import type { TaskId } from "../core/ids.ts";
import { beginningOf, endOf, placeByChance, type ReadyTask, type ReadyWorkspace } from "../core/ready-order.ts";
import type { Table } from "../core/table.ts";

type ReadAfter = (after: string, limit: number) => Promise<ReadyTask[]>;

const pageSize = 100;
/** So many of one workspace are enough: what is behind them is not read. */
const headLength = 10;

export const readyWorkspaces = ({ table, ids }: Pick<Cloud, "table" | "ids">, readFirst = () => firstReady(table)) =>
  inTurn(ids, (after, limit) => table.readyAfter(after, limit), readFirst);

/** Those with tasks that wait for a pool. */
export function heldWorkspaces({ table, ids }: Pick<Cloud, "table" | "ids">, pool: string) {
  const read: ReadAfter = (after, limit) => table.heldAfter(pool, after, limit);
  return inTurn(ids, read, () => read("", pageSize));
}

/**
 * In turn, from one by chance on, so that the first is not always the same. One request while all that is ready fits
 * in a page; else one more for every page of workspaces that are asked for, since the rest of a long queue is skipped.
 */
async function* inTurn(
  ids: Pick<Ids, "random">,
  readAfter: ReadAfter,
  readFirst: () => Promise<ReadyTask[]>,
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
  yield* readBetween(readAfter, start);
  yield* readBetween(readAfter, "", start);
}

/** All that is ready, unless it fills the page. */
export const firstReady = (table: Table): Promise<ReadyTask[]> => table.readyAfter("", pageSize);

async function* readBetween(readAfter: ReadAfter, from: string, until?: string): AsyncGenerator<ReadyWorkspace> {
  for (let after = from; ; ) {
    const page = await readAfter(after, pageSize);
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
