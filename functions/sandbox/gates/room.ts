// How does the supervisor get a clean room, with its own disk and its own way out?
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { maxGatesAtOnce } from "../../core/gates.ts";
import { type EgressOptions, startEgress } from "../egress.ts";
import { acceptLines, type Workspace } from "../workspace.ts";

export interface GatesRoom {
  /** All lead to the same disk; each carries one operation at a time. */
  readonly lines: readonly Workspace[];
  /** Ends the runner, and with it everything in the room. */
  close(): Promise<void>;
}

/** The runner waits for its socket, so the room costs next to nothing until it is opened. Opened once per attempt. */
export async function openGatesRoom(
  socketFolder: string,
  options: Pick<EgressOptions, "rules" | "onRefused" | "maxUploadBytes"> & { timeoutMs: number },
): Promise<GatesRoom> {
  const { timeoutMs, ...egressOptions } = options;
  await mkdir(socketFolder, { recursive: true, mode: 0o700 });
  const egress = await startEgress(join(socketFolder, "egress.sock"), egressOptions);
  try {
    const lines = await acceptLines(join(socketFolder, "runner.sock"), maxGatesAtOnce, { timeoutMs });
    return {
      lines,
      async close() {
        for (const line of lines) line.close();
        await egress.close();
      },
    };
  } catch (error) {
    await egress.close();
    throw error;
  }
}
