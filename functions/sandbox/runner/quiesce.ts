// Does nothing of what commands left live on, in processes or without them?
import type { RunnerSettings } from "./environment.ts";
import { removeIpc } from "./ipc.ts";
import { killOthers } from "./kill.ts";

/** In this order: what runs could make such things again. */
export async function quiesce(settings: Pick<RunnerSettings, "confined" | "mark" | "asAgent">): Promise<void> {
  await killOthers(settings);
  await removeIpc(settings);
}
