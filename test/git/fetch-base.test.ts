import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cloneRepository } from "../../functions/git/clone.ts";
import { fetchBase } from "../../functions/git/fetch-base.ts";
import { listTree, readFiles } from "../../functions/git/list-tree.ts";
import type { Repository } from "../../functions/git/objects.ts";
import type { Endpoint } from "../../infra/local/aws-json.ts";
import {
  auth,
  commitAndPush,
  git,
  makeOrigin,
  makeTempDir,
  type Origin,
  startForge,
  writeFiles,
} from "./native-git.ts";

const root = makeTempDir();
let forge: Endpoint;
let count = 0;

beforeAll(async () => {
  forge = await startForge(root);
});

/** A remote with some history, and a clone of its tip. */
async function start(): Promise<{
  origin: Origin;
  repository: Repository;
  fetchIt: () => ReturnType<typeof fetchBase>;
}> {
  const name = `base-${++count}`;
  const origin = makeOrigin(root, name, { a: "0\n", "big.bin": randomBytes(1_000_000) });
  for (const text of ["1\n", "2\n", "3\n"]) {
    writeFiles(origin.work, { a: text });
    commitAndPush(origin, text);
  }
  const url = `${forge.url}/${name}`;
  const repository = await cloneRepository({ dir: join(root, `${name}-clone`), url, auth, branch: "main" });
  return { origin, repository, fetchIt: () => fetchBase(repository, { url, auth, branch: "main" }) };
}

function moveOn({ work }: Origin, times: number): void {
  for (let time = 0; time < times; time += 1) git(work, ["commit", "-q", "--allow-empty", "-m", `more ${time}`]);
}

function packBytes({ gitDir }: Repository): number {
  const dir = join(gitDir, "objects", "pack");
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

describe("the base branch", () => {
  it("may be where it was", async () => {
    const { fetchIt } = await start();
    expect(await fetchIt()).toEqual({ kind: "same" });
  });

  it("may have moved on: its tip is here then, and files that we have are not sent again", async () => {
    const { origin, repository, fetchIt } = await start();
    const before = packBytes(repository);
    writeFiles(origin.work, { a: "4\n", b: "new\n" });
    const tip = commitAndPush(origin, "Four");
    expect(await fetchIt()).toEqual({ kind: "moved", tip, history: "continues" });
    const paths: string[] = [];
    for await (const { path } of readFiles(repository, tip)) paths.push(path);
    expect(paths).toEqual(["a", "b", "big.bin"]);
    expect(packBytes(repository) - before).toBeLessThan(100_000);
  });

  it("is recognised as a continuation across many commits, and across a merge of an older branch", async () => {
    const { origin, fetchIt } = await start();
    git(origin.work, ["checkout", "-q", "-b", "older", "HEAD~2"]);
    writeFiles(origin.work, { c: "c\n" });
    git(origin.work, ["add", "-A"]);
    git(origin.work, ["commit", "-q", "-m", "Older"]);
    git(origin.work, ["checkout", "-q", "main"]);
    git(origin.work, ["merge", "-q", "--no-ff", "-m", "Merge", "older"]);
    moveOn(origin, 40);
    writeFiles(origin.work, { a: "4\n" });
    const tip = commitAndPush(origin, "Four");
    expect(await fetchIt()).toEqual({ kind: "moved", tip, history: "continues" });
  });

  it.each([
    ["amended", (work: string) => git(work, ["commit", "-q", "--amend", "-m", "Other words"])],
    ["reset to an older commit", (work: string) => git(work, ["reset", "-q", "--hard", "HEAD~2"])],
    ["cut back and continued", (work: string) => git(work, ["reset", "-q", "--hard", "HEAD~1"])],
    ["begun anew", (work: string) => git(work, ["checkout", "-q", "--orphan", "anew"])],
  ])("is called rewritten when it was %s", async (_name, rewrite) => {
    const { origin, repository, fetchIt } = await start();
    rewrite(origin.work);
    git(origin.work, ["commit", "-q", "--allow-empty", "-m", "On the new history"]);
    git(origin.work, ["push", "-q", "--force", "origin", "HEAD:refs/heads/main"]);
    const tip = git(origin.work, ["rev-parse", "HEAD"]).trim();
    expect(await fetchIt()).toEqual({ kind: "moved", tip, history: "rewritten" });
    expect((await listTree(repository, tip)).length).toBe(2);
  });

  it("may have moved on further than anybody looks back", async () => {
    const { origin, fetchIt } = await start();
    const lines = Array.from(
      { length: 1100 },
      (_, at) =>
        `commit refs/heads/main\ncommitter T <t@e.test> ${at} +0000\ndata 1\nx\n${at ? "" : "from refs/heads/main^0\n"}\n`,
    );
    git(origin.bare, ["fast-import", "--quiet", "--force"], lines.join(""));
    const tip = git(origin.bare, ["rev-parse", "main"]).trim();
    expect(await fetchIt()).toEqual({ kind: "moved", tip, history: "too_long" });
  });

  it("may be gone", async () => {
    const { origin, fetchIt } = await start();
    git(origin.bare, ["update-ref", "-d", "refs/heads/main"]);
    expect(await fetchIt()).toEqual({ kind: "gone" });
  });

  it("is unknown while the remote does not answer, and the message says so", async () => {
    const { origin, fetchIt } = await start();
    rmSync(origin.bare, { recursive: true });
    expect(await fetchIt()).toEqual({ kind: "unknown", message: expect.stringContaining("no repository for us") });
  });
});
