// What has an attempt spent, and in which hour? Each counts on from the attempts before it.
import { forfeitCall, nothingSpent, type Spend } from "./budget.ts";
import type { Attempt } from "./task.ts";

export const hourMs = 60 * 60_000;
/** Since the epoch. */
export const hourOf = (at: number): number => Math.floor(at / hourMs);

/** What came to pass in one hour of a workspace. */
export interface Hour {
  hour: number;
  completed: number;
  failed: number;
  killed: number;
  microDollars: number;
}

export const emptyHour = (hour: number): Hour => ({ hour, completed: 0, failed: 0, killed: 0, microDollars: 0 });

/** Of all attempts at a task. A call that was under way when its attempt was lost counts as made. */
export function spentBy(attempts: readonly Attempt[]): Spend {
  const last = attempts.findLast(({ beat }) => beat?.spend)?.beat?.spend;
  return last ? forfeitCall(last) : nothingSpent;
}

/** Micro-dollars of one attempt out of all at its task, by hour; an hour in which nothing was spent is not there. */
export function spentByHour(attempts: readonly Attempt[], number: number): Map<number, number> {
  const spent = new Map<number, number>();
  const its = attempts.find(({ attempt }) => attempt === number);
  if (!its?.spentUntil) return spent;
  let before = spentBy(attempts.filter(({ attempt }) => attempt < number)).microDollars;
  const take = (hour: number, total: number) => {
    if (total > before) spent.set(hour, (spent.get(hour) ?? 0) + total - before);
    before = Math.max(before, total);
  };
  const marks = Object.entries(its.spentUntil).map(([hour, total]) => [Number(hour), total] as const);
  for (const [hour, total] of marks.sort(([a], [b]) => a - b)) take(hour, total);
  const last = marks.at(-1);
  const isOver = its.state !== "spawning" && its.state !== "running";
  if (last && isOver) take(last[0], spentBy([its]).microDollars);
  return spent;
}
