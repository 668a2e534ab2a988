import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cloneRepository } from "../../functions/git/clone.ts";
import { findUnresolved } from "../../functions/git/find-unresolved.ts";
import { readFiles } from "../../functions/git/list-tree.ts";
import type { Repository } from "../../functions/git/objects.ts";
import { pushCommit } from "../../functions/git/push.ts";
import { collectWork } from "../../functions/sandbox/collect-work.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";
import { type BaseBranch, checkMergeability, reconcile } from "../../functions/sandbox/reconcile.ts";
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
} from "../git/native-git.ts";
import { startRunner } from "./harness.ts";

const root = makeTempDir();
const files = {
  "src/a.txt": "one\ntwo\nthree\n",
  "src/b.txt": "b\n",
  "old/c.txt": "c1\nc2\nc3\nc4\n",
  ".gitignore": "built\n",
};
let forge: Endpoint;
let count = 0;

beforeAll(async () => {
  forge = await startForge(root);
});

/** An attempt in the middle: cloned, and unpacked into the workspace of a real runner. */
async function start() {
  const name = `project-${++count}`;
  const origin = makeOrigin(root, name, files);
  const base: BaseBranch = { url: `${forge.url}/${name}`, auth, branch: "main" };
  const { sandbox, workspace } = await startRunner();
  const repository = await cloneRepository({ dir: join(root, `${name}-clone`), ...base });
  await sandbox.unpack(readFiles(repository, repository.baseCommit));
  const log = new OutputLog();
  const collect = async (from: Repository) => {
    const work = await collectWork(sandbox, from, "Do it\n\nDrover-Task: tsk_x", log);
    if (work.kind !== "changed") throw new Error(work.kind);
    return work;
  };
  const read = (path: string) => readFileSync(join(workspace, path), "utf8");
  return { origin, base, sandbox, workspace, repository, collect, read };
}

/** Another developer, who was faster. */
function others(origin: Origin, change: Record<string, string | null>): string {
  for (const path of Object.keys(change)) rmSync(join(origin.work, path), { recursive: true, force: true });
  const written = Object.entries(change).filter((entry): entry is [string, string] => entry[1] !== null);
  writeFiles(origin.work, Object.fromEntries(written));
  return commitAndPush(origin, "Others");
}

describe("work whose base branch", () => {
  it("has not moved stays as it is", async () => {
    const { base, sandbox, workspace, repository, collect } = await start();
    writeFileSync(join(workspace, "src/b.txt"), "ours\n");
    const { commit } = await collect(repository);
    expect(await reconcile(sandbox, repository, base, commit)).toEqual({ kind: "current", tip: repository.baseCommit });
    expect(await checkMergeability(repository, base, commit)).toMatchObject({
      kind: "clean",
      tip: repository.baseCommit,
    });
  });

  it("has moved comes to stand on the new tip as one commit, and the workspace shows both changes", async () => {
    const { origin, base, sandbox, workspace, repository, collect, read } = await start();
    writeFileSync(join(workspace, "src/a.txt"), "one\ntwo\nthree\nfour\n");
    writeFileSync(join(workspace, "built"), "not for git\n");
    const { commit } = await collect(repository);
    const tip = others(origin, {
      "src/a.txt": "zero\none\ntwo\nthree\n",
      "old/c.txt": null,
      "new/c.txt": files["old/c.txt"],
      "src/b.txt": null,
    });
    const found = await reconcile(sandbox, repository, base, commit);
    if (found.kind !== "moved" || found.work.kind !== "changed") throw new Error(found.kind);
    expect(found.history).toBe("continues");
    expect(found.repository.baseCommit).toBe(tip);
    expect(found.work.diff.files).toMatchObject([{ path: "src/a.txt", additions: 1, deletions: 0 }]);
    expect(read("src/a.txt")).toBe("zero\none\ntwo\nthree\nfour\n");
    expect(read("new/c.txt")).toBe(files["old/c.txt"]);
    expect(read("built")).toBe("not for git\n");
    expect(existsSync(join(workspace, "src/b.txt"))).toBe(false);
    expect(existsSync(join(workspace, "old/c.txt"))).toBe(false);

    const log = git(repository.gitDir, ["log", "-1", "--format=%P|%an|%B", found.work.commit]);
    expect(log.trim()).toBe(`${tip}|drover|Do it\n\nDrover-Task: tsk_x`);
    // What the workspace shows is that commit, and what the agent does now counts from the new tip.
    expect((await collect(found.repository)).diff).toEqual(found.work.diff);
    const pushed = await pushCommit({
      ...base,
      repository: found.repository,
      commit: found.work.commit,
      branch: "drover/x",
      expect: "absent",
    });
    expect(pushed).toEqual({ kind: "pushed" });
    expect(git(origin.bare, ["rev-parse", "drover/x^"]).trim()).toBe(tip);
  });

  it("has changed the same lines shows both, and is done when the agent has decided", async () => {
    const { origin, base, sandbox, workspace, repository, collect, read } = await start();
    writeFileSync(join(workspace, "src/a.txt"), "one\nours\nthree\n");
    writeFileSync(join(workspace, "src/b.txt"), "ours too\n");
    const { commit } = await collect(repository);
    const tip = others(origin, { "src/a.txt": "one\ntheirs\nthree\n", "old/c.txt": "their c\n" });
    expect(await checkMergeability(repository, base, commit)).toEqual({
      kind: "conflicts",
      tip,
      history: "continues",
      paths: ["src/a.txt"],
    });
    expect(read("src/a.txt")).toBe("one\nours\nthree\n");

    const found = await reconcile(sandbox, repository, base, commit);
    if (found.kind !== "conflicts") throw new Error(found.kind);
    expect(found.conflicts).toMatchObject([{ path: "src/a.txt", kind: "content" }]);
    expect(read("src/a.txt")).toBe("one\n<<<<<<< ours (drover)\nours\n=======\ntheirs\n>>>>>>> theirs (main)\nthree\n");
    expect(read("old/c.txt")).toBe("their c\n");

    const undecided = await collect(found.repository);
    expect(await findUnresolved(found.repository, undecided.commit, found.conflicts)).toMatchObject([
      { path: "src/a.txt" },
    ]);
    writeFileSync(join(workspace, "src/a.txt"), "one\ntheirs, and ours\nthree\n");
    const { commit: decided, diff } = await collect(found.repository);
    expect(await findUnresolved(found.repository, decided, found.conflicts)).toEqual([]);
    expect(diff.files.map(({ path }) => path)).toEqual(["src/a.txt", "src/b.txt"]);
    expect(git(repository.gitDir, ["log", "-1", "--format=%P", decided]).trim()).toBe(tip);
    expect(await reconcile(sandbox, found.repository, base, decided)).toEqual({ kind: "current", tip });
  });

  it("has already got the same change has nothing left to publish", async () => {
    const { origin, base, sandbox, workspace, repository, collect } = await start();
    writeFileSync(join(workspace, "src/b.txt"), "the same\n");
    const { commit } = await collect(repository);
    others(origin, { "src/b.txt": "the same\n", more: "more\n" });
    expect(await reconcile(sandbox, repository, base, commit)).toMatchObject({
      kind: "moved",
      work: { kind: "unchanged" },
    });
  });

  it("was rewritten does not get back what was taken out of it", async () => {
    const { origin, base, sandbox, workspace, repository, collect } = await start();
    writeFileSync(join(workspace, "src/b.txt"), "ours\n");
    const { commit } = await collect(repository);
    writeFiles(origin.work, { secret: "s3cret\n" });
    commitAndPush(origin, "A mistake");
    const second = await cloneRepository({ dir: join(root, `again-${count}`), ...base });
    git(origin.work, ["reset", "-q", "--hard", "HEAD~1"]);
    git(origin.work, ["commit", "-q", "--amend", "-m", "Start, in other words"]);
    git(origin.work, ["push", "-q", "--force", "origin", "main"]);
    const tip = git(origin.work, ["rev-parse", "HEAD"]).trim();
    // Once from the base that was amended, with the same files; once from the mistake.
    const found = await reconcile(sandbox, repository, base, commit);
    expect(found).toMatchObject({ kind: "moved", history: "rewritten", work: { kind: "changed" } });
    if (found.kind !== "moved" || found.work.kind !== "changed") return;
    expect(git(repository.gitDir, ["rev-list", found.work.commit]).trim().split("\n")).toEqual([
      found.work.commit,
      tip,
    ]);

    await sandbox.unpack(readFiles(second, second.baseCommit));
    writeFileSync(join(workspace, "src/b.txt"), "ours, later\n");
    const later = await collect(second);
    const again = await reconcile(sandbox, second, base, later.commit);
    expect(again).toMatchObject({ kind: "moved", history: "rewritten" });
    if (again.kind !== "moved" || again.work.kind !== "changed") return;
    expect(git(second.gitDir, ["ls-tree", "-r", "--name-only", again.work.commit])).not.toContain("secret");
    expect(existsSync(join(workspace, "secret"))).toBe(false);
  });

  it("puts files where a link stood touches nothing behind the link", async () => {
    const { origin, base, sandbox, workspace, repository, collect, read } = await start();
    const { commit: linked } = await linkAndCollect();
    const tip = others(origin, { "old/c.txt": "their c\n" });
    const found = await reconcile(sandbox, repository, base, linked);
    expect(found).toMatchObject({ kind: "moved", repository: { baseCommit: tip } });
    if (found.kind !== "moved" || found.work.kind !== "changed") return;
    // The other way round: what was a link for us becomes a directory with files of the same names.
    others(origin, { "old/c.txt": "their c\n", link: null, "link/a.txt": "theirs\n" });
    const again = await reconcile(sandbox, found.repository, base, found.work.commit);
    expect(again).toMatchObject({ kind: "conflicts", conflicts: [{ kind: "file_directory", path: "link" }] });
    expect(lstatSync(join(workspace, "link")).isDirectory()).toBe(true);
    expect(read("link/a.txt")).toBe("theirs\n");
    expect(read("src/a.txt")).toBe(files["src/a.txt"]);

    async function linkAndCollect() {
      await sandbox.run({ argv: ["ln", "-s", "src", "link"], timeoutMs: 20_000 }, () => undefined);
      return collect(repository);
    }
  });

  it("is gone cannot be judged, and the message names it", async () => {
    const { origin, base, sandbox, workspace, repository, collect } = await start();
    writeFileSync(join(workspace, "src/b.txt"), "ours\n");
    const { commit } = await collect(repository);
    git(origin.bare, ["update-ref", "-d", "refs/heads/main"]);
    const unknown = { kind: "unknown", message: expect.stringContaining('"main" is no longer on') };
    expect(await reconcile(sandbox, repository, base, commit)).toEqual(unknown);
    expect(await checkMergeability(repository, base, commit)).toEqual(unknown);
  });
});
