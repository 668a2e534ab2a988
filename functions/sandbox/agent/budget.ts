// Who keeps count of what a task spends, across the agent, its reviewer and its summaries?
import {
  type BudgetLimits,
  forfeitCall,
  type PlannedCall,
  type Reservation,
  releaseCall,
  reserveCall,
  type Spend,
  settleCall,
} from "../../core/budget.ts";
import type { Priced, TokenCounts } from "../../core/price.ts";

export interface Budget {
  readonly limits: BudgetLimits;
  readonly spend: Spend;
  /** Saved before it returns: if all this dies in the middle of the call, the next attempt finds it. */
  reserve(call: PlannedCall): Promise<Reservation>;
  settle(model: Priced, used: TokenCounts): void;
  release(): void;
  forfeit(): void;
}

export interface BudgetOptions {
  limits: BudgetLimits;
  /** What earlier attempts have spent; a call that they had under way counts. */
  spend: Spend;
  now?: () => number;
  save?: (spend: Spend) => Promise<void>;
}

/** One call at a time. */
export function openBudget({ limits, spend: before, now = Date.now, save }: BudgetOptions): Budget {
  const startedAt = now();
  let spend = forfeitCall(before);
  const current = (): Spend => ({ ...spend, wallClockMs: before.wallClockMs + Math.max(0, now() - startedAt) });
  return {
    limits,
    get spend() {
      return current();
    },
    async reserve(call) {
      const reservation = reserveCall(current(), limits, call);
      if (reservation.kind === "refused") return reservation;
      spend = reservation.spend;
      await save?.(current());
      return reservation;
    },
    settle: (model, used) => {
      spend = settleCall(spend, model, used);
    },
    release: () => {
      spend = releaseCall(spend);
    },
    forfeit: () => {
      spend = forfeitCall(spend);
    },
  };
}
