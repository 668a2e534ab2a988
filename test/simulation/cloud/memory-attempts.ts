// What does the table in memory hold of attempts, and of the slots that they hold?

import type { AttemptChange, SlotChange } from "../../../functions/core/events.ts";
import type { AgentId, TaskId } from "../../../functions/core/ids.ts";
import { hourOf } from "../../../functions/core/spending.ts";
import type { BeatOutcome, Table } from "../../../functions/core/table.ts";
import type { Attempt, Beat, Slot } from "../../../functions/core/task.ts";
import type { Watch } from "../../../functions/core/watch.ts";
import { order } from "./index-order.ts";
import { MemoryActs } from "./memory-acts.ts";
import { shapeAttempt } from "./one-shape.ts";
import type { Sync } from "./sync.ts";

type Part = Pick<
  Sync<Table>,
  | "beat"
  | "recordSandbox"
  | "takeUpLaunch"
  | "getWatch"
  | "putWatch"
  | "dueCleanups"
  | "postponeCleanup"
  | "getAttempt"
  | "getAttempts"
  | "listAttempts"
  | "heldSlots"
  | "releaseSlot"
>;

export interface HeldSlot extends Slot {
  holder: AgentId;
  workspace: string;
}

export class MemoryAttempts extends MemoryActs implements Part {
  readonly attempts = new Map<AgentId, Attempt>();
  #watch: Watch | undefined;
  /** How old the index is that the next index read sees. */
  lagMs = 0;
  /** By pool and index, as `slotName` writes it. */
  readonly slots = new Map<string, HeldSlot>();

  releaseSlot(slot: Slot, holder: AgentId): void {
    if (this.slots.get(slotName(slot))?.holder === holder) this.slots.delete(slotName(slot));
  }

  protected writeAttempt(change: AttemptChange): void {
    if (change.kind === "open") {
      this.attempts.set(change.attempt.agentId, shapeAttempt(change.attempt));
      return;
    }
    const attempt = this.attempts.get(change.agentId);
    if (attempt) this.attempts.set(change.agentId, { ...attempt, ...change.set });
  }

  beat(agentId: AgentId, beat: Beat, leaseExpiresAt: number, at: number): BeatOutcome {
    const attempt = this.attempts.get(agentId);
    if (attempt?.state !== "running") return { kind: "refused" };
    const { spend } = beat;
    const spentUntil = spend ? { ...attempt.spentUntil, [hourOf(at)]: spend.microDollars } : attempt.spentUntil;
    this.attempts.set(agentId, { ...attempt, beat, leaseExpiresAt, spentUntil });
    return { kind: "accepted", inbox: attempt.inbox ?? 0 };
  }

  recordSandbox(agentId: AgentId, sandboxArn: string): "recorded" | "refused" {
    const attempt = this.attempts.get(agentId);
    if (attempt?.state !== "spawning" && attempt?.state !== "running") return "refused";
    this.attempts.set(agentId, { ...attempt, sandboxArn });
    return "recorded";
  }

  getWatch(): Watch | undefined {
    return this.#watch;
  }

  putWatch(watch: Watch): void {
    this.#watch = watch;
  }

  takeUpLaunch(agentId: AgentId, at: number): boolean {
    const attempt = this.attempts.get(agentId);
    if (attempt?.state !== "spawning" || attempt.sandboxArn) return false;
    this.attempts.set(agentId, { ...attempt, relaunchedAt: at });
    return true;
  }

  dueCleanups(now: number, limit: number): AgentId[] {
    const due: Attempt[] = [];
    const until = now - this.lagMs;
    for (const attempt of this.attempts.values()) if ((attempt.cleanupAt ?? now + 1) <= until) due.push(attempt);
    order(due, (a, b) => (a.cleanupAt ?? 0) - (b.cleanupAt ?? 0) || (a.agentId < b.agentId ? -1 : 1));
    return due.slice(0, limit).map(({ agentId }) => agentId);
  }

  postponeCleanup(agentId: AgentId, at: number, unseenAt: number | undefined): void {
    const attempt = this.attempts.get(agentId);
    if (attempt?.cleanupAt !== undefined) this.attempts.set(agentId, { ...attempt, cleanupAt: at, unseenAt });
  }

  getAttempt(agentId: AgentId): Attempt | undefined {
    return this.attempts.get(agentId);
  }

  getAttempts(agentIds: AgentId[]): Attempt[] {
    return [...new Set(agentIds)].flatMap((agentId) => this.attempts.get(agentId) ?? []);
  }

  listAttempts(taskId: TaskId): Attempt[] {
    const mine: Attempt[] = [];
    for (const attempt of this.attempts.values()) if (attempt.taskId === taskId) mine.push(attempt);
    return mine;
  }

  heldSlots(pool: string): { index: number; holder: AgentId; workspace: string }[] {
    const held: { index: number; holder: AgentId; workspace: string }[] = [];
    for (const { pool: its, index, holder, workspace } of this.slots.values())
      if (its === pool) held.push({ index, holder, workspace });
    return order(held, (a, b) => a.index - b.index);
  }

  protected maySet({ kind, slot, holder }: SlotChange): boolean {
    const held = this.slots.get(slotName(slot));
    return kind === "take" ? !held : held?.holder === holder;
  }
}

export const slotName = ({ pool, index }: Slot): string => `${pool}#${index}`;
