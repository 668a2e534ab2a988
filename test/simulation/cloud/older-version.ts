// What does the version of drover before this one do otherwise? While a new one is deployed, both are at work.
import type { Table } from "../../../functions/core/table.ts";
import type { Task } from "../../../functions/core/task.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { callCloud } from "./call.ts";
import { openSimTable } from "./sim-table.ts";

const holdBack = { name: "holdBack of the older version", code: 199 };

/**
 * Before tasks were held in a pool of their own, they waited as delayed ones do: so it writes them, it finds none that
 * are held, and lets none of them go. What it does not know of an item it carries along, and never counts on.
 */
export function openOlderTable(stage: Stage, activity: Activity): Table {
  const table = openSimTable(stage, activity);
  const older: Partial<Table> = {
    holdBack: (task, pool, at) => callCloud(activity, holdBack, () => delay(stage, task, pool, at)),
    heldAfter: async () => [],
    waitingAfter: async (kind, ...rest) => (kind === "held" ? [] : table.waitingAfter(kind, ...rest)),
    commit: (change) => table.commit({ ...change, after: carryAlong(change.before, change.after) }),
  };
  return Object.create(table, Object.getOwnPropertyDescriptors(older)) as Table;
}

function delay({ table }: Stage, task: Task, pool: string, at: number): void {
  table.holdBack(task, pool, at);
  const row = table.rows.get(task.taskId);
  if (row?.task.version === task.version) row.task = { ...row.task, due: { kind: "ready", at } };
}

/** A counter that is newer than it. */
const carryAlong = ({ putBacks }: Task, after: Task): Task => ({ ...after, putBacks });
