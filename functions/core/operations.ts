// How does a stop reach thousands of tasks? As an operation that goes on page by page, whoever takes it up.
import type { TaskId } from "./ids.ts";
import type { ActivePhase } from "./table.ts";

/** Kept until it is finished, and after that for the record. */
export interface Operation {
  operationId: `opr_${string}`;
  /** As `formatScope` writes it. */
  scope: string;
  /** The generation that the stop gave its switch: tasks admitted under a smaller one are its business. */
  generation: number;
  by: string;
  reason: string;
  startedAt: number;
  /** The last pass through its workspaces; absent in the first one, which begins with the stop. */
  passBegunAt?: number;
  finishedAt?: number;
  /** Tasks it found when it began, once they are counted; the stop fences those that it did not find as well. */
  total?: number;
  killed: number;
  /** How many of its workspaces had been killed when they were counted. */
  killedBefore?: number;
  /** In this pass through its workspaces: whoever failed is met again in the next one. */
  failed: number;
  /** How many of its workspaces could not be read in this pass. */
  unread?: number;
  /** The next workspaces to go through, and how far the first of them is done: of its live tasks first, then of the queued ones. */
  workspaces: string[];
  phase?: ActivePhase;
  after?: TaskId;
  /** More of them stand in the table, behind this name; "" before the first. Absent: these are all. */
  moreBehind?: string;
  /** The last few, for people; it is not finished before every task that it could not kill was tried again, and killed. */
  errors: { taskId: TaskId; message: string }[];
}

export const remainingOf = ({ total, killed, failed }: Operation): number | undefined =>
  total === undefined ? undefined : Math.max(0, total - killed - failed);
