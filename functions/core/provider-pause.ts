// One attempt says that a model's provider has no quota: how long do the other tasks that need it wait?
import type { TaskId } from "./ids.ts";

export interface ProviderPause {
  until: number;
  lengthMs: number;
  /** Whose attempt has said so. */
  saidBy: TaskId;
}

const firstMs = 5 * 60_000;
const longestMs = 24 * 60 * 60_000;

/**
 * What a sandbox says is not believed for long, since it may be a hostile one: the first pause is short, and after it
 * others ask the provider themselves. Each that is refused as well doubles it. No task has its word taken twice in a row.
 *
 *     A says no    A, B ask    B says no       A, C ask       C says no
 *     |-- 5 min ---|...........|-- 10 min -----|..............|-- 20 min --
 */
export function decidePause(
  last: ProviderPause | undefined,
  { saidBy, retryAt, now }: { saidBy: TaskId; retryAt: number; now: number },
): ProviderPause | undefined {
  if (last && (last.until > now || last.saidBy === saidBy)) return undefined;
  const isConfirmed = last !== undefined && now - last.until <= last.lengthMs;
  const lengthMs = Math.min(retryAt - now, isConfirmed ? 2 * last.lengthMs : firstMs, longestMs);
  return lengthMs > 0 ? { until: now + lengthMs, lengthMs, saidBy } : undefined;
}
