// What does one schedule do? Its seed decides everything: who asks what when, and what goes wrong.
import { addKeys } from "./actors/by-http.ts";
import { addOperator } from "./actors/operators.ts";
import { addOutsiders } from "./actors/outsiders.ts";
import { addReapers } from "./actors/reapers.ts";
import { addSubscriber } from "./actors/receivers.ts";
import { addScheduler } from "./actors/scheduler.ts";
import { addUsers } from "./actors/users.ts";
import type { FiredFault, Violation } from "./engine/world.ts";
import { checkEnd } from "./invariants/at-end.ts";
import { addCalmCheck } from "./invariants/calm.ts";
import { Stage, type StageOptions } from "./stage.ts";

export interface ScheduleResult {
  seed: number;
  traceId: string;
  steps: number;
  tasks: number;
  virtualMs: number;
  violation: Violation | undefined;
  /** Codes of known violations that happened. */
  known: ReadonlySet<string>;
  faults: readonly FiredFault[];
  happened: ReadonlyMap<string, number>;
  timeline: readonly string[];
}

/** Faults are over. One slot, the longest work and every attempt of every task one after another take this long. */
const afterFaultsMs = 14_400_000;

export async function simulate(seed: number, options: StageOptions = {}): Promise<ScheduleResult> {
  const stage = new Stage(seed, options);
  const { world } = stage;
  options.prepare?.(stage);
  addKeys(stage);
  addUsers(stage);
  addOperator(stage);
  addSubscriber(stage);
  addOutsiders(stage);
  addScheduler(stage);
  addReapers(stage);
  addCalmCheck(stage);
  await world.run(world.swarm.faultsEndMs + afterFaultsMs);
  if (!world.violation) checkEnd(stage, options.checkHashes ?? false);
  return {
    seed,
    traceId: world.traceId,
    steps: world.steps,
    tasks: stage.table.rows.size,
    virtualMs: world.now,
    violation: world.violation,
    known: world.known,
    faults: world.faults,
    happened: stage.judge.happened,
    timeline: world.timeline ?? [],
  };
}
