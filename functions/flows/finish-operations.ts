// How does a round of the reaper go on with the stops that their own requests could not finish?
import type { Cloud } from "../core/cloud.ts";
import type { Round } from "./round.ts";
import { continueOperation } from "./stop-scope.ts";

/** Each has its share of the time: one that fails, or takes all of its own, keeps no stop behind it from going on. */
export async function finishOperations(cloud: Cloud, { silent }: Round, deadline: number): Promise<void> {
  const open = await cloud.table.openOperations();
  const shareMs = (deadline - cloud.clock.now()) / open.length;
  for (const operation of open) {
    try {
      await continueOperation(cloud, operation, cloud.clock.now() + shareMs, silent);
    } catch (error) {
      const { operationId, scope } = operation;
      console.error(`reaper: ${operationId} on ${scope} comes no further; it goes on in the next round`, error);
    }
  }
}
