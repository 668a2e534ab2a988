import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gitBlobId } from "../../functions/git/blob-id.ts";
import { cloneRepository } from "../../functions/git/clone.ts";
import { commitChanges } from "../../functions/git/commit-changes.ts";
import { diffCommits } from "../../functions/git/diff-commits.ts";
import { listTree, readFiles } from "../../functions/git/list-tree.ts";
import { pushCommit } from "../../functions/git/push.ts";
import { auth, git, makeOrigin, makeTempDir, startForge } from "./native-git.ts";

const fileCount = 5_000;
/** Far above what it takes (about 3 s), and far below what a cost that grows with the square would need. */
const limitMs = 60_000;

/** The same every time, and not all alike, so that the pack holds deltas as a real one does. */
function makeFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  for (let n = 0; n < fileCount; n++) {
    const lines = Array.from(
      { length: 40 },
      (_, line) => `export const value${line} = ${(n * 7919 + line * 104_729) % 99_991};\n`,
    );
    files[`packages/p${n % 50}/src/m${n % 7}/file${n}.ts`] = `// File ${n}\n${lines.join("")}`;
  }
  return files;
}

describe("a repository with thousands of files", () => {
  it("is cloned, read, changed, compared and pushed in reasonable time", { timeout: 3 * limitMs }, async () => {
    const root = makeTempDir();
    const origin = makeOrigin(root, "large", makeFiles());
    const forge = await startForge(root);
    const url = `${forge.url}/large`;
    const startedAt = performance.now();
    const took: Record<string, number> = {};
    const lap = (name: string) => {
      took[name] = Math.round(performance.now() - startedAt);
    };

    const repository = await cloneRepository({ dir: join(root, "clone"), url, auth, branch: "main" });
    lap("cloned");
    const oids = new Map((await listTree(repository, repository.baseCommit)).map(({ path, oid }) => [path, oid]));
    lap("listed");
    let wrong = 0;
    let read = 0;
    for await (const { path, content } of readFiles(repository, repository.baseCommit)) {
      read++;
      if (oids.get(path) !== gitBlobId(content)) wrong++;
    }
    lap("read");
    expect({ read, wrong }).toEqual({ read: fileCount, wrong: 0 });

    const paths = [...oids.keys()];
    const changed = paths
      .filter((_, n) => n % 10 === 0)
      .map((path) => {
        return { path, mode: "100644" as const, content: Buffer.from(`// Changed\n${path}\n`) };
      });
    const deleted = paths.filter((_, n) => n % 100 === 1);
    const author = { name: "A", email: "a@b.test" };
    const request = { parent: repository.baseCommit, changed, deleted, message: "Change many", author, timestamp: 1 };
    const commit = await commitChanges(repository, request);
    lap("committed");
    const diff = await diffCommits(repository, repository.baseCommit, commit, { maxBytes: 10_000_000 });
    lap("compared");
    expect(diff.files.length).toBe(changed.length + deleted.length);
    expect(await pushCommit({ repository, commit, branch: "drover/large", url, auth, expect: "absent" })).toEqual({
      kind: "pushed",
    });
    lap("pushed");

    git(origin.bare, ["fsck", "--full"]);
    const stat = git(origin.bare, ["diff", "--shortstat", "main", "drover/large"]);
    expect(stat).toContain(`${changed.length + deleted.length} files changed`);
    if (process.env.DROVER_TIMINGS) console.log(took, `${Math.round(process.memoryUsage().rss / 1024 / 1024)} MiB`);
    expect(took.pushed).toBeLessThan(limitMs);
  });
});
