// A provider has quota again before the time it named: how do the tasks that wait for it go on?
import type { Cloud } from "../core/cloud.ts";
import { indexLagMs } from "../core/index-lag.ts";
import { providerPool } from "../core/slots.ts";
import { recordAct } from "./record-act.ts";
import { letGo, pausedUntil } from "./wake.ts";

const pageSize = 20;

/**
 * Answers false when it was not paused. Lets go of what waits for it until `deadline` (epoch milliseconds); the rest
 * goes on as those end, or with the next call.
 */
export async function resumeProvider(
  cloud: Cloud,
  workspace: string,
  credential: string,
  by: string,
  reason: string,
  deadline: number,
): Promise<boolean> {
  const act = await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    const until = await pausedUntil(cloud, workspace, credential);
    if (until <= cloud.clock.now()) return undefined;
    const data = { credential, reason, pausedUntil: until };
    return { type: "provider_resumed", data, writes: [{ kind: "provider_resumed", workspace, credential }] };
  });
  const pool = providerPool(workspace, credential);
  for (let isAgain = false; ; isAgain = true) {
    while ((await letGo(cloud, pool, pageSize)) > 0 && cloud.clock.now() < deadline);
    if (isAgain || cloud.clock.now() + indexLagMs >= deadline) break;
    // What began to wait at the last moment is not in the index yet, and nobody may be left to let it go later.
    await cloud.clock.sleep(indexLagMs);
  }
  return act !== undefined;
}
