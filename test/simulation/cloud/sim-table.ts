// How does a function reach the table? What lags, what may be contended, and what the judge wants to see of it.
import type { AuditAct } from "../../../functions/core/audit.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Schedule } from "../../../functions/core/schedules.ts";
import type { ActWrite, Creation, Table, TaskChange } from "../../../functions/core/table.ts";
import type { Task } from "../../../functions/core/task.ts";
import { watchFiring } from "../invariants/schedules.ts";
import { watchTurn } from "../invariants/turns.ts";
import { MemoryTable } from "./memory-table.ts";
import { definePort } from "./port.ts";

export const openSimTable = definePort<Table>({
  type: MemoryTable,
  part: ({ table }) => table,
  firstCode: 100,
  lagging: [
    "readyAfter",
    "readyHead",
    "heldAfter",
    "waitingAfter",
    "dueTasks",
    "dueSchedules",
    "dueCleanups",
    "listTasks",
    "oldestQueued",
    "countDelayed",
  ],
  contendable: ["commit", "createTask", "commitAct"],
  // Slots are what many transactions meet at; a change that leaves them alone passes.
  isContended({ world }, activity, method, [change]) {
    if (method !== "commit" || !(change as TaskChange).slots?.length) return false;
    return world.strikes(activity, "slots_contended");
  },
  failing: ["getTask"],
  isFailing: ({ world, unreadableUntil }, [taskId]) =>
    unreadableUntil.size > 0 && (unreadableUntil.get(taskId as TaskId) ?? 0) > world.now,
  watch: {
    createTask: ({ judge }, [creation], act) => judge.watchCreation(creation as Creation, act),
    commit: ({ judge }, [change], act) => judge.watchCommit(change as TaskChange, act),
    commitAct: ({ judge }, [act, writes], commit) =>
      judge.watchAct(act as AuditAct, writes as readonly ActWrite[], commit),
    replaceSchedule: (stage, [before, after], act) => watchFiring(stage, before as Schedule, after as Schedule, act),
    makeReady: (stage, [task], act) => {
      watchTurn(stage, task as Task);
      return act();
    },
    beat: ({ judge }, [agentId], act) => judge.watchBeat(String(agentId), act),
  },
});
