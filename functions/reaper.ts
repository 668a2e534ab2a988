// Entry point: the reaper function, called on a schedule.
import "./aws/sandboxes.ts"; // Needed at once, so it is loaded at once.
import { cloudOfThisProcess } from "./cloud.ts";
import { reap } from "./flows/reap.ts";

export async function handler(): Promise<void> {
  await reap(await cloudOfThisProcess());
}
