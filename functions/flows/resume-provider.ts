// A provider has quota again before the time it named: how do the tasks that wait for it go on?
import type { Cloud } from "../core/cloud.ts";
import { recordAct } from "./record-act.ts";
import { letGo } from "./wake.ts";

export const providerPool = (workspace: string, credential: string) => `provider:${workspace}:${credential}`;

/** Answers false when it was not paused. The reaper wakes what is not woken here. */
export async function resumeProvider(
  cloud: Cloud,
  workspace: string,
  credential: string,
  by: string,
  reason: string,
): Promise<boolean> {
  const act = await recordAct(cloud, `workspace:${workspace}`, by, async () => {
    const until = await cloud.table.providerPausedUntil(workspace, credential);
    if (until <= cloud.clock.now()) return undefined;
    const data = { credential, reason, pausedUntil: until };
    return { type: "provider_resumed", data, writes: [{ kind: "provider_resumed", workspace, credential }] };
  });
  if (!act) return false;
  await letGo(cloud, providerPool(workspace, credential), cloud.settings.limits.global);
  return true;
}
