// How does the runner list the workspace?
import type { Answer } from "../protocol.ts";
import { readPaths } from "./path-list.ts";
import type { Operation } from "./serve.ts";
import { walkWorkspace } from "./walk.ts";

const batchCharacters = 64 * 1024;

export async function sendManifest({ input, send, signal }: Operation, workspace: string): Promise<Answer> {
  const trackedPaths = await readPaths(input);
  let batch = "";
  for await (const line of walkWorkspace(workspace, trackedPaths)) {
    if (signal.aborted) return { kind: "failed", why: "cancelled" };
    batch += `${JSON.stringify(line)}\n`;
    if (batch.length < batchCharacters) continue;
    await send(Buffer.from(batch));
    batch = "";
  }
  if (batch !== "") await send(Buffer.from(batch));
  return { kind: "done" };
}
