// What is the table when it is only memory? The same conditions as in `functions/aws`, held to it by test/contract.
import type { AuditEvent, FeedPosition } from "../../../functions/core/audit.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import type { Message } from "../../../functions/core/message.ts";
import { owedBy } from "../../../functions/core/notices.ts";
import type { ProviderPause } from "../../../functions/core/provider-pause.ts";
import { beginningOf, parseReady, positionOf, type ReadyTask } from "../../../functions/core/ready-order.ts";
import { emptyHour, type Hour, hourOf } from "../../../functions/core/spending.ts";
import { findYoloForbidden, isFenced } from "../../../functions/core/switches.ts";
import {
  type CommitOutcome,
  type CreateOutcome,
  type Creation,
  type OwedKind,
  phaseOf,
  type Table,
  type TaskChange,
  type TaskPage,
  type WaitingKind,
} from "../../../functions/core/table.ts";
import { isFinal, type Task, type TaskSpec } from "../../../functions/core/task.ts";
import type { TaskCounts } from "../../../functions/core/task-counts.ts";
import {
  parseWaiting,
  type WaitingTask,
  waitingPosition,
  waitingUntil,
} from "../../../functions/core/waiting-order.ts";
import { byDue, byId, order } from "./index-order.ts";
import { MemoryAttempts, slotName } from "./memory-attempts.ts";
import { shapeTask } from "./one-shape.ts";
import type { Sync } from "./sync.ts";

export interface Row {
  task: Task;
  spec: TaskSpec;
  events: AuditEvent[];
  messages: Message[];
  /** What the indexes still show to a reader whose copy lags: the task before its last change. */
  earlier: Task | undefined;
  changedAt: number;
}

interface Idempotency {
  taskId: TaskId;
  bodyHash: string;
  expiresAt: number;
}

/** Every method is one atomic step. Time passes only between them, so the caller decides what meets what. */
export class MemoryTable extends MemoryAttempts implements Sync<Table> {
  readonly rows = new Map<TaskId, Row>();
  readonly idempotency = new Map<string, Idempotency>();
  readonly workspaces = new Set<string>();
  /** Where each task stands in the ready index, once somebody has asked. */
  readonly #places = new Map<Task, ReadyTask>();
  /** By workspace: how many were created through it. */
  readonly #gates = new Map<string, number>();
  /** By workspace and hour. */
  readonly #spent = new Map<string, Map<number, number>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  createTask(creation: Creation): CreateOutcome {
    const { task, spec, event, idempotency, intakeOutcome, gate } = creation;
    this.workspaces.add(task.workspace);
    const row = this.rows.get(task.taskId);
    // The request token: a repetition of the very same request is answered as the first.
    if (row?.events[0]?.eventId === event.eventId) return { kind: "created" };
    if (row) throw new Error(`${task.taskId} exists`);
    if (intakeOutcome && this.isDecided(intakeOutcome)) return { kind: "decided" };
    const isCrowded = gate !== undefined && gate !== this.countTasks(task.workspace).gate;
    const switches = this.getSwitches(task);
    const isRefused = isFenced(task, switches) || (task.yolo && findYoloForbidden(switches));
    if (idempotency) {
      const key = `${task.workspace}#${idempotency.key}`;
      const record = this.idempotency.get(key);
      if (record && record.expiresAt > Math.floor(task.createdAt / 1000)) return { kind: "repeated", ...record };
      if (isRefused) return { kind: "fenced" };
      if (isCrowded) return { kind: "crowded" };
      const expiresAt = Math.ceil(idempotency.expiresAt / 1000);
      this.idempotency.set(key, { taskId: task.taskId, bodyHash: idempotency.bodyHash, expiresAt });
    }
    if (isRefused) return { kind: "fenced" };
    if (isCrowded) return { kind: "crowded" };
    if (gate !== undefined) this.#gates.set(task.workspace, gate + 1);
    if (intakeOutcome) this.addIntakeOutcome(intakeOutcome);
    this.rows.set(task.taskId, {
      task: shapeTask(task),
      spec,
      events: [event],
      messages: [],
      earlier: undefined,
      changedAt: this.#now(),
    });
    return { kind: "created" };
  }

  commit(change: TaskChange): CommitOutcome {
    const { before, after, event, spec, message, attempt, slots = [], fenced } = change;
    const row = this.rows.get(after.taskId);
    // The request token: a repetition is answered as the first, whatever has happened since.
    if (row?.events[event.version - 1]?.eventId === event.eventId) return { kind: "committed" };
    if (row?.task.version !== before.version) return { kind: "stale" };
    if (row.events.length >= event.version) return { kind: "stale" };
    if (fenced && isFenced(before, this.getSwitches(before))) return { kind: "fenced" };
    if (attempt?.kind === "set" && attempt.ifLeaseAt !== undefined) {
      if (this.attempts.get(attempt.agentId)?.leaseExpiresAt !== attempt.ifLeaseAt) return { kind: "stale" };
    }
    if (attempt?.kind === "set" && attempt.set.neverLaunched && this.attempts.get(attempt.agentId)?.relaunchedAt)
      return { kind: "stale" };
    if (!slots.every((slot) => this.maySet(slot))) return { kind: "slot_taken" };
    if (attempt) this.writeAttempt(attempt);
    for (const { kind, slot, holder, workspace } of slots) {
      if (kind === "take") this.slots.set(slotName(slot), { ...slot, holder, workspace });
      else this.slots.delete(slotName(slot));
    }
    row.events.push(event);
    const spentIn = this.#spentIn(after.workspace);
    for (const [hour, amount] of change.spent ?? []) spentIn.set(hour, (spentIn.get(hour) ?? 0) + amount);
    if (spec) row.spec = spec;
    if (message) row.messages.push(message);
    const owed = owedBy(change);
    if (owed) this.notices.owed.set(owed.eventId, owed);
    this.#write(row, after);
    return { kind: "committed" };
  }

  #spentIn(workspace: string): Map<number, number> {
    const known = this.#spent.get(workspace) ?? new Map<number, number>();
    this.#spent.set(workspace, known);
    return known;
  }

  #write(row: Row, task: Task): void {
    row.earlier = row.task;
    row.changedAt = this.#now();
    row.task = task;
  }

  makeReady(task: Task): void {
    const row = this.rows.get(task.taskId);
    if (row?.task.version !== task.version) return;
    this.#write(row, { ...row.task, due: undefined });
  }

  holdBack(task: Task, pool: string, at: number): void {
    const row = this.rows.get(task.taskId);
    if (row?.task.version !== task.version) return;
    this.#write(row, { ...row.task, due: { kind: "held", at, pool } });
  }

  heldAfter(pool: string, after: string, limit: number): ReadyTask[] {
    return this.#standingAfter(({ due }) => due?.kind === "held" && due.pool === pool, after, limit);
  }

  postpone(task: Task, at: number): void {
    const row = this.rows.get(task.taskId);
    if (row?.task.version !== task.version || !row.task.due) return;
    this.#write(row, { ...row.task, due: { ...row.task.due, at } });
  }

  getTask(taskId: TaskId): Task | undefined {
    return this.rows.get(taskId)?.task;
  }

  getTasks(taskIds: TaskId[]): Task[] {
    const tasks = new Set<Task>();
    for (const taskId of taskIds) {
      const task = this.getTask(taskId);
      if (task) tasks.add(task);
    }
    return [...tasks];
  }

  getSpec(taskId: TaskId): TaskSpec | undefined {
    return this.rows.get(taskId)?.spec;
  }

  pauseProvider(workspace: string, credential: string, pause: ProviderPause): void {
    if (pause.until <= (this.getProviderPause(workspace, credential)?.until ?? 0)) return;
    this.providers.set(`${workspace}#${credential}`, pause);
  }

  getProviderPause(workspace: string, credential: string): ProviderPause | undefined {
    return this.providers.get(`${workspace}#${credential}`);
  }

  listMessages(taskId: TaskId, after: number): Message[] {
    return this.rows.get(taskId)?.messages.slice(after, after + 100) ?? [];
  }

  listEvents(taskId: TaskId, afterVersion: number, limit: number): AuditEvent[] {
    return this.rows.get(taskId)?.events.slice(afterVersion, afterVersion + limit) ?? [];
  }

  listFeed(workspace: string, from: FeedPosition, until: number, limit: number): AuditEvent[] {
    const mine = [...this.rows.values()].filter(({ task }) => task.workspace === workspace);
    const { eventId: behind = "" } = from;
    const isWanted = ({ at, eventId }: AuditEvent) =>
      at <= until && (at > from.at || (at === from.at && eventId > behind));
    const events = mine.flatMap((row) => row.events).filter(isWanted);
    return events.sort((a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1)).slice(0, limit);
  }

  getIdempotencyRecord(workspace: string, key: string): Idempotency | undefined {
    return this.idempotency.get(`${workspace}#${key}`);
  }

  listWorkspaces(after = "", limit = Number.POSITIVE_INFINITY): string[] {
    return [...this.workspaces]
      .filter((name) => name > after)
      .sort()
      .slice(0, limit);
  }

  readyAfter(after: string, limit: number): ReadyTask[] {
    return this.#standingAfter((task) => task.status === "queued" && !task.due, after, limit);
  }

  #standingAfter(isThere: (task: Task) => boolean, after: string, limit: number): ReadyTask[] {
    const ready = this.#seen(isThere);
    const behind = ready.map((task) => this.#placeOf(task)).filter(({ position }) => position > after);
    return order(behind, (a, b) => (a.position < b.position ? -1 : 1)).slice(0, limit);
  }

  #placeOf(task: Task): ReadyTask {
    const known = this.#places.get(task);
    if (known) return known;
    const place = parseReady(task.taskId, positionOf(task));
    this.#places.set(task, place);
    return place;
  }

  readyHead(workspace: string, limit: number): TaskId[] {
    const ready = this.readyAfter(beginningOf(workspace), limit).filter((one) => one.workspace === workspace);
    return ready.map(({ taskId }) => taskId);
  }

  waitingAfter(kind: WaitingKind, after: string, now: number, limit: number): WaitingTask[] {
    const until = waitingUntil(now);
    const waiting: WaitingTask[] = [];
    for (const { taskId, workspace, due } of this.#seen((task) => task.due?.kind === kind)) {
      const position = waitingPosition(due?.at ?? 0, { taskId, workspace });
      if (position > after && position <= until) waiting.push(parseWaiting(taskId, position));
    }
    return order(waiting, (a, b) => (a.position < b.position ? -1 : 1)).slice(0, limit);
  }

  dueTasks(kind: OwedKind, now: number, limit: number): TaskId[] {
    const due = this.#seen((task) => task.due?.kind === kind && task.due.at <= now);
    return idsOf(order(due, byDue), limit);
  }

  listTasks(workspace: string, { before, limit, phase }: TaskPage): { tasks: Task[]; next?: TaskId } {
    const mine = this.#seen(
      (task) =>
        task.workspace === workspace && (!before || task.taskId < before) && (!phase || phaseOf(task.status) === phase),
    );
    const newestFirst = idsOf(mine).sort().reverse();
    const page = newestFirst.slice(0, limit);
    const next = newestFirst.length > limit ? page.at(-1) : undefined;
    return { tasks: page.flatMap((id) => this.rows.get(id)?.task ?? []), ...(next ? { next } : {}) };
  }

  oldestQueued(workspace: string, limit: number, after = ""): Task[] {
    const mine = this.#seen((task) => task.workspace === workspace && task.status === "queued" && task.taskId > after);
    const ids = idsOf(order(mine, byId), limit);
    return ids.flatMap((id) => this.rows.get(id)?.task ?? []);
  }

  countTasks(workspace: string): TaskCounts {
    const counts: TaskCounts = { active: 0, completed: 0, failed: 0, killed: 0, gate: this.#gates.get(workspace) ?? 0 };
    for (const { task } of this.rows.values())
      if (task.workspace === workspace) counts[isFinal(task.status) ? task.status : "active"] += 1;
    return counts;
  }

  listHours(workspace: string, from: number, until: number): Hour[] {
    const hours = new Map<number, Hour>();
    const add = (hour: number, name: "completed" | "failed" | "killed" | "microDollars", n: number) => {
      if (hour < from || hour > until) return;
      const sum = hours.get(hour) ?? emptyHour(hour);
      hours.set(hour, { ...sum, [name]: sum[name] + n });
    };
    for (const { task, events } of this.rows.values()) {
      const end = events.find((event) => isFinal(event.to));
      if (task.workspace === workspace && end && isFinal(end.to)) add(hourOf(end.at), end.to, 1);
    }
    for (const [hour, amount] of this.#spentIn(workspace)) add(hour, "microDollars", amount);
    return [...hours.values()].sort((a, b) => a.hour - b.hour);
  }

  countDelayed(workspaces: readonly string[], limit: number): { delayed: number; isAll: boolean } {
    const all = this.#seen((task) => task.due?.kind === "ready").sort((a, b) => (a.due?.at ?? 0) - (b.due?.at ?? 0));
    const looked = all.slice(0, limit);
    return {
      delayed: looked.filter(({ workspace }) => workspaces.includes(workspace)).length,
      isAll: all.length <= limit,
    };
  }

  /** Tasks as the indexes show them; a new task is not there at all until the lag is over. */
  #seen(isWanted: (task: Task) => boolean): Task[] {
    const tasks: Task[] = [];
    const seenUntil = this.#now() - this.lagMs;
    for (const row of this.rows.values()) {
      const seen = row.changedAt <= seenUntil || this.lagMs === 0 ? row.task : row.earlier;
      if (seen && isWanted(seen)) tasks.push(seen);
    }
    return tasks;
  }

  probe(): undefined {
    return undefined;
  }
}

const idsOf = (tasks: Task[], limit = tasks.length): TaskId[] => tasks.slice(0, limit).map(({ taskId }) => taskId);
