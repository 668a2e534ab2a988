// How does drover as a whole do, at the end of a round? Told from what the round has read, to whoever watches.
import type { Cloud } from "../core/cloud.ts";
import { measureRound } from "../core/metrics.ts";
import type { Round } from "./round.ts";

export async function tellMetrics(cloud: Cloud, round: Round): Promise<void> {
  if (!cloud.metrics) return;
  const [attempts, ready] = await Promise.all([round.attempts(), round.ready()]);
  cloud.metrics.tell(measureRound(attempts, ready, round.owing, cloud.clock.now()));
}
