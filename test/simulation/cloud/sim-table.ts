// How does a function reach the table? Each method of the one in memory, with everything that can happen on the way.
import type { AuditAct } from "../../../functions/core/audit.ts";
import type { ActWrite, Table, TaskChange } from "../../../functions/core/table.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { callCloud, type Operation } from "./call.ts";
import { MemoryTable } from "./memory-table.ts";
import { methodsOf } from "./sync.ts";

const indexReads = new Set([
  "readyHead",
  "heldBackHead",
  "dueTasks",
  "listTasks",
  "oldestActive",
  "countDelayed",
  "listFeed",
]);
const contendable = new Set(["commit", "createTask", "commitAct"]);
const longestLagMs = 5_000;

class SimTable {
  readonly stage: Stage;
  readonly activity: Activity;
  constructor(stage: Stage, activity: Activity) {
    this.stage = stage;
    this.activity = activity;
  }
}

type AnyMethod = (...args: unknown[]) => unknown;

/** What the judge wants to see, or what lags; every other method is called as it is. */
const watched: Record<string, (stage: Stage, args: unknown[], act: () => unknown) => unknown> = {
  commit: (stage, [change], act) => stage.judge.watchCommit(change as TaskChange, act),
  commitAct: (stage, [act, writes], commit) =>
    stage.judge.watchAct(act as AuditAct, writes as readonly ActWrite[], commit),
  beat: (stage, [agentId], act) => stage.judge.watchBeat(String(agentId), act),
};

const names = methodsOf(MemoryTable);
for (const [index, name] of names.entries()) {
  const whenThrottled = contendable.has(name) ? { kind: "contended" } : undefined;
  const operation: Operation = { name, code: 100 + index, whenThrottled };
  const watch = watched[name];
  const lags = indexReads.has(name);
  const method = function (this: SimTable, ...args: unknown[]) {
    const { stage, activity } = this;
    const table = stage.table as unknown as Record<string, AnyMethod>;
    const lagMs = lags && stage.world.strikes(activity, "index_stale") ? activity.random.between(500, longestLagMs) : 0;
    const isContended = name === "commit" && areSlotsContended(stage, activity, args[0] as TaskChange);
    const act = () => {
      if (isContended) return { kind: "contended" };
      stage.table.lagMs = lagMs;
      return table[name]?.(...args);
    };
    return callCloud(activity, operation, watch ? () => watch(stage, args, act) : act);
  };
  Object.defineProperty(SimTable.prototype, name, { value: method });
}

/** Slots are what many transactions meet at; a change that leaves them alone passes. */
const areSlotsContended = (stage: Stage, activity: Activity, { slots = [] }: TaskChange) =>
  slots.length > 0 && stage.world.strikes(activity, "slots_contended");

export function openSimTable(stage: Stage, activity: Activity): Table {
  return new SimTable(stage, activity) as unknown as Table;
}
