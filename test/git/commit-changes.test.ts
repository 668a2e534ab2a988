import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cloneRepository } from "../../functions/git/clone.ts";
import { commitChanges } from "../../functions/git/commit-changes.ts";
import { listTree } from "../../functions/git/list-tree.ts";
import type { Repository } from "../../functions/git/objects.ts";
import { BadPathError } from "../../functions/git/plan-changes.ts";
import type { TreeFile } from "../../functions/git/tree.ts";
import { auth, git, makeOrigin, makeTempDir, type Origin, startForge } from "./native-git.ts";

const root = makeTempDir();
const submodule = "1234567890123456789012345678901234567890";
const oddName = Buffer.from("odd/latin-\xe9", "latin1");
let origin: Origin;
let repository: Repository;

beforeAll(async () => {
  const forge = await startForge(root);
  origin = makeOrigin(root, "zoo", {
    "README.md": "# Zoo\n",
    "bin/run": { content: "#!/bin/sh\n", mode: "100755" },
    "dir/a": "a\n",
    "dir/b": "b\n",
    "dir/sub/c": "c\n",
    "dir-x": "sorts between dir and dir/\n",
    "odd/plain": "plain\n",
  });
  const blob = git(origin.work, ["hash-object", "-w", "--stdin"], "odd").trim();
  const odd = Buffer.concat([Buffer.from(`100644 ${blob}\t`), oddName, Buffer.from("\0")]);
  git(origin.work, ["update-index", "-z", "--index-info"], odd);
  git(origin.work, ["update-index", "--add", "--cacheinfo", `160000,${submodule},vendor/lib`]);
  git(origin.work, ["commit", "-q", "-m", "Odd things"]);
  git(origin.work, ["push", "-q", "origin", "main"]);
  const dir = join(root, "clone");
  repository = await cloneRepository({ dir, url: `${forge.url}/zoo`, auth, branch: "main" });
});

function file(path: string, content: string | Buffer = `${path}\n`, mode: TreeFile["mode"] = "100644"): TreeFile {
  return { path, mode, content: Buffer.from(content) };
}

function commit(changed: TreeFile[], deleted: string[] = [], parent = repository.baseCommit): Promise<string> {
  const author = { name: "Drover Agent", email: "agent@drover.test" };
  return commitChanges(repository, {
    parent,
    changed,
    deleted,
    message: "Change things\n\nBody",
    author,
    timestamp: 1_750_000_000,
  });
}

/** `git diff --raw` says the truth about a commit: what is not in it was not touched. */
function rawDiff(id: string): string[] {
  git(repository.gitDir, ["fsck", "--full", "--strict"]);
  const out = git(repository.gitDir, ["diff", "--no-renames", "--name-status", "-z", repository.baseCommit, id]).split(
    "\0",
  );
  return out.flatMap((status, index) => (index % 2 === 0 && status ? [`${status} ${out[index + 1]}`] : []));
}

describe("a commit", () => {
  it("changes what is named and nothing else: links, x bit, unicode, submodule and unreadable names", async () => {
    const id = await commit(
      [
        file("README.md", "# Changed\n"),
        file("bin/run", "#!/bin/sh\n", "100644"),
        file("bin/new", "#!/bin/sh\nexit 1\n", "100755"),
        file("link", "bin/run", "120000"),
        file("ünï/日本 語.txt", "こんにちは\n"),
        file("vendor/other", "o\n"),
        file("odd/more", "m\n"),
      ],
      ["dir/b"],
    );
    expect(rawDiff(id).sort()).toEqual(
      [
        "A bin/new",
        "A link",
        "A odd/more",
        "A vendor/other",
        "A ünï/日本 語.txt",
        "D dir/b",
        "M README.md",
        "M bin/run",
      ].sort(),
    );
    const tree = git(repository.gitDir, ["-c", "core.quotePath=true", "ls-tree", "-r", id]);
    expect(tree).toContain(`160000 commit ${submodule}\tvendor/lib`);
    expect(tree).toContain('"odd/latin-\\351"');
    expect(tree).toMatch(/^100755 blob \w+\tbin\/new$/m);
    expect(tree).toMatch(/^100644 blob \w+\tbin\/run$/m);
    expect(tree).toMatch(/^120000 blob \w+\tlink$/m);
    expect(git(repository.gitDir, ["cat-file", "-p", `${id}:link`])).toBe("bin/run");
  });

  it("says who, when and why", async () => {
    const id = await commit([file("new")]);
    const format = "%an|%ae|%at|%cn|%ct|%P|%B";
    expect(git(repository.gitDir, ["log", "-1", `--format=${format}`, id]).trim()).toBe(
      `Drover Agent|agent@drover.test|1750000000|Drover Agent|1750000000|${repository.baseCommit}|Change things\n\nBody`,
    );
  });

  it("is the same commit when made twice", async () => {
    expect(await commit([file("same")])).toBe(await commit([file("same")]));
  });

  it("builds on a commit of ours as on the base", async () => {
    const first = await commit([file("one/two/three")]);
    const second = await commit([file("one/two/four")], ["one/two/three"], first);
    expect(rawDiff(second)).toEqual(["A one/two/four"]);
  });

  it("turns a file into a directory and back", async () => {
    const there = await commit([file("README.md/index"), file("README.md/x/y")], ["README.md"]);
    expect(rawDiff(there).sort()).toEqual(["A README.md/index", "A README.md/x/y", "D README.md"]);
    const back = await commit([file("README.md", "# Zoo\n")], ["README.md/index", "README.md/x/y"], there);
    expect(rawDiff(back)).toEqual([]);
    const unnamed = await commit([file("README.md", "# Zoo\n")], [], there);
    expect(unnamed).toBe(await commit([file("README.md", "# Zoo\n")], ["README.md/index", "README.md/x/y"], there));
    expect(rawDiff(await commit([file("README.md/index")]))).toEqual(["D README.md", "A README.md/index"]);
  });

  it("drops a directory with its last file, and may end with nothing at all", async () => {
    const id = await commit([], ["dir/a", "dir/b", "dir/sub/c"]);
    expect((await listTree(repository, id)).some(({ path }) => path.startsWith("dir/"))).toBe(false);
    git(repository.gitDir, ["fsck", "--strict"]);
    const bare = makeOrigin(root, "single", { only: "x" });
    const forge = await startForge(root);
    const single = await cloneRepository({ dir: join(root, "s"), url: `${forge.url}/single`, auth, branch: "main" });
    const author = { name: "A", email: "a@b.test" };
    const request = { parent: bare.head, changed: [], deleted: ["only"], message: "Nothing", author, timestamp: 1 };
    const empty = await commitChanges(single, request);
    expect(git(single.gitDir, ["ls-tree", "-r", empty])).toBe("");
    git(single.gitDir, ["fsck", "--strict"]);
  });

  it("takes a deletion of what is not there for done", async () => {
    expect(rawDiff(await commit([], ["gone", "dir/gone", "README.md/gone", "vendor/lib/gone"]))).toEqual([]);
  });

  it("removes a submodule only when told to, and then lets files stand there", async () => {
    expect(rawDiff(await commit([], ["vendor/lib"]))).toEqual(["D vendor/lib"]);
    expect(rawDiff(await commit([file("vendor/lib/x")], ["vendor/lib"]))).toEqual(["D vendor/lib", "A vendor/lib/x"]);
  });

  it.each<[string, TreeFile[], string[], string]>([
    ["goes up", [file("../x")], [], "plain relative"],
    ["is absolute", [file("/etc/passwd")], [], "plain relative"],
    ["is in .git", [file(".git/config")], [], ".git directory"],
    ["is in .GIT", [file("sub/.GIT/hooks/x")], [], ".git directory"],
    ["is git~1", [file("git~1/x")], [], ".git directory"],
    ["holds a NUL", [file("a\0b")], [], "control character"],
    ["holds a line break", [file("a\nb")], [], "control character"],
    ["is empty", [file("")], [], "empty"],
    ["has an empty name", [file("a//b")], [], "plain relative"],
    ["is half a surrogate", [file("a\ud800")], [], "Unicode"],
    ["is deleted and goes up", [], ["../x"], "plain relative"],
    ["is written twice", [file("a"), file("a")], [], "named twice"],
    ["is written and deleted", [file("a")], ["a"], "named twice"],
    ["is a file and a directory", [file("a"), file("a/b")], [], "is a file in the same change"],
    ["is a directory and a file", [file("a/b/c"), file("a/b")], [], '"a/b" is a file in the same change'],
    ["holds what may be a secret", [file(`x/ghp_${"s3cr3t".repeat(6)}/../y`)], [], '"x/ghp_…(40)/../y" cannot'],
    ["has very many names", [file(`${"d/".repeat(256)}x`)], [], "more than 256 names"],
    ["is a deleted directory", [], ["dir"], "name its files"],
    ["is a submodule", [file("vendor/lib")], [], "submodule"],
    ["is below a submodule", [file("vendor/lib/x")], [], "submodule"],
    ["replaces a directory with a submodule", [file("vendor")], [], "submodule"],
    ["replaces a directory with an unreadable name", [file("odd")], ["odd/plain"], "cannot be shown"],
    ["has an odd mode", [{ path: "a", mode: "160000" as TreeFile["mode"], content: Buffer.from("") }], [], "mode"],
  ])("refuses a path that %s", async (_name, changed, deleted, why) => {
    const error = await commit(changed, deleted).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BadPathError);
    expect(error).toMatchObject({ message: expect.stringContaining(why) });
  });

  it.each([
    [{ author: { name: "x\ncommitter evil <e@e> 1 +0000", email: "a@b.test" } }, "control character"],
    [{ author: { name: "x", email: "a> <b@c.test" } }, "< >"],
    [{ timestamp: 1_750_000_000_000 }, "whole seconds"],
    [{ timestamp: 1.5 }, "whole seconds"],
  ])("refuses a header that would say something else (%#)", async (odd, why) => {
    const author = { name: "A", email: "a@b.test" };
    const plain = { parent: repository.baseCommit, changed: [], deleted: [], message: "m", author, timestamp: 1 };
    await expect(commitChanges(repository, { ...plain, ...odd })).rejects.toThrow(why);
  });
});
