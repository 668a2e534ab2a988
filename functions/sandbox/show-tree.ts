// How does the workspace come to show another tree than the one it shows now?
import type { Repository } from "../git/objects.ts";
import { listTreeChanges } from "../git/tree-changes.ts";
import type { Workspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

const removeLimitMs = 5 * 60_000;
/** The system takes 128 KB for one argument and 2 MB for all; a message to the runner takes less. */
const maxArgumentBytes = 64 * 1024;

/** Only what differs is touched: what git ignores, and what the agent has not committed, stays. */
export async function showTree(workspace: Workspace, repository: Repository, before: string, after: string) {
  const { removed, written, files } = await listTreeChanges(repository, before, after);
  // First what goes: it may be a link that leads elsewhere, standing where a directory is to come.
  await removePaths(workspace, removed);
  await removePaths(workspace, written);
  await workspace.unpack(files);
}

/** Whatever stands there, with all that is in it. */
export async function removePaths(workspace: Workspace, paths: readonly string[]): Promise<void> {
  for (const some of takeTogether(paths)) {
    const argv = ["rm", "-rf", "--", ...some.map((path) => `./${path}`)];
    let words = "";
    const result = await workspace.run({ argv, timeoutMs: removeLimitMs }, (_stream, chunk) => {
      words = `${words}${chunk}`.slice(0, 500);
    });
    if (result.exitCode !== 0) throw new WorkspaceError("failed", `cannot make room for other files: ${words}`);
  }
}

function takeTogether(paths: readonly string[]): string[][] {
  const together: string[][] = [];
  let roomBytes = 0;
  for (const path of paths) {
    const sizeBytes = Buffer.byteLength(path) + 10;
    if (sizeBytes > roomBytes) {
      together.push([]);
      roomBytes = maxArgumentBytes;
    }
    together.at(-1)?.push(path);
    roomBytes -= sizeBytes;
  }
  return together;
}
