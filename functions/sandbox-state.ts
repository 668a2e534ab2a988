// Entry point: ECS tells that a sandbox has changed its state. Only the end matters here.
import { cloudOfThisProcess } from "./cloud.ts";
import { readSandboxEnd } from "./core/state-change.ts";
import { confirmStop } from "./flows/confirm-stop.ts";

/** Events come at least once and in any order; `confirmStop` makes the same of each repetition. */
export async function handler(event: unknown): Promise<void> {
  const end = readSandboxEnd(event);
  if (end) await confirmStop(await cloudOfThisProcess(), end.agentId, end.why);
}
