// Entry point: the reaper function, called on a schedule.
import { cloudOfThisProcess } from "./cloud.ts";
import { reap } from "./flows/reap.ts";

export async function handler(): Promise<void> {
  await reap(await cloudOfThisProcess());
}
