// Which faults does a failure need? Each is left out in turn; what does not change the failure stays out.
import { nameFault } from "./engine/world.ts";
import { type ScheduleResult, simulate } from "./simulate.ts";
import type { StageOptions } from "./stage.ts";

const maxRuns = 400;

/** The same violation with as few faults as can be left, one by one; the result has its timeline. */
export async function shrink(failure: ScheduleResult, options: StageOptions = {}): Promise<ScheduleResult> {
  const code = failure.violation?.code;
  const leftOut = new Set<string>();
  let current = failure;
  let runs = 0;
  for (let removed = true; removed && runs < maxRuns; ) {
    removed = false;
    // The last fault first: what came after the cause goes at once.
    for (const id of current.faults.map(nameFault).toReversed()) {
      if (runs >= maxRuns) break;
      runs += 1;
      leftOut.add(id);
      const without = await simulate(failure.seed, { ...options, leftOut });
      if (without.violation?.code === code && without.faults.length < current.faults.length) {
        current = without;
        removed = true;
      } else leftOut.delete(id);
    }
  }
  return simulate(failure.seed, { ...options, leftOut, timeline: true });
}
