import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cloneRepository } from "../../functions/git/clone.ts";
import { commitChanges } from "../../functions/git/commit-changes.ts";
import { diffCommits } from "../../functions/git/diff-commits.ts";
import type { Repository } from "../../functions/git/objects.ts";
import type { TreeFile } from "../../functions/git/tree.ts";
import { auth, git, makeOrigin, makeTempDir, type Origin, startForge } from "./native-git.ts";

const root = makeTempDir();
const lines = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => `line ${from + index}\n`).join("");
let origin: Origin;
let repository: Repository;
let trees = 0;

beforeAll(async () => {
  const forge = await startForge(root);
  origin = makeOrigin(root, "zoo", {
    "README.md": "# Zoo\n",
    "long.txt": lines(60),
    "no-newline": "a\nb",
    "crlf.txt": "a\r\nb\r\nc\r\n",
    run: { content: "#!/bin/sh\n", mode: "100755" },
    link: { content: "README.md", mode: "120000" },
    empty: "",
    binary: Buffer.from([1, 0, 2]),
    'with space/ünï "quoted".txt': "x\n",
    "plain space": "x\n",
    "dir/a": "a\n",
    "latin1.txt": Buffer.from("caf\xe9\nplain\n", "latin1"),
    one: "single",
  });
  repository = await cloneRepository({ dir: join(root, "clone"), url: `${forge.url}/zoo`, auth, branch: "main" });
});

function file(path: string, content: string | Buffer, mode: TreeFile["mode"] = "100644"): TreeFile {
  return { path, mode, content: Buffer.from(content) };
}

async function change(changed: TreeFile[], deleted: string[] = [], maxBytes = 1_000_000) {
  const author = { name: "A", email: "a@b.test" };
  const parent = repository.baseCommit;
  const commit = await commitChanges(repository, { parent, changed, deleted, message: "m", author, timestamp: 1 });
  return { commit, diff: await diffCommits(repository, parent, commit, { maxBytes }) };
}

/** Applies the patch to the base in a real work tree, and answers the tree that comes out. */
function applied(text: string, hasBlobs = false): string {
  const dir = join(root, `apply-${++trees}`);
  mkdirSync(dir);
  git(root, ["clone", "-q", origin.bare, dir]);
  if (hasBlobs) writeFileSync(join(dir, ".git/objects/info/alternates"), `${repository.gitDir}/objects\n`);
  git(dir, ["apply", "--index", "--whitespace=nowarn"], text);
  return git(dir, ["write-tree"]).trim();
}

function treeOf(commit: string): string {
  return git(repository.gitDir, ["rev-parse", `${commit}^{tree}`]).trim();
}

/** Headers as native git prints them; the choice of hunks is each algorithm's own. */
function headers(text: string): string[] {
  return text.split("\n").filter((line) => /^(diff|index|old|new|deleted|---|\+\+\+|Binary)/.test(line));
}

function nativeDiff(commit: string): string {
  const options = ["--full-index", "--no-renames", "--no-color", "--no-ext-diff"];
  return git(repository.gitDir, ["diff", ...options, repository.baseCommit, commit]);
}

const cases: [string, TreeFile[], string[]][] = [
  ["a changed line in the middle", [file("long.txt", lines(60).replace("line 30\n", "other\n"))], []],
  ["two hunks and one at the end", [file("long.txt", `first\n${lines(59)}line 60 changed\n`)], []],
  ["a new file in a new directory", [file("new/dir/file", "x\ny\n")], []],
  ["a new file without a newline", [file("new", "x\ny")], []],
  ["a newline taken away and one given", [file("README.md", "# Zoo"), file("no-newline", "a\nb\n")], []],
  ["a change above a missing newline", [file("no-newline", "z\nb")], []],
  ["a single line without a newline", [file("one", "other")], []],
  ["CRLF lines", [file("crlf.txt", "a\r\nB\r\nc\n")], []],
  ["deletions", [], ["README.md", "dir/a", "no-newline"]],
  ["an empty file that goes and one that comes", [file("empty2", "")], ["empty"]],
  ["an empty file that is filled, and a full one emptied", [file("empty", "x\n"), file("README.md", "")], []],
  ["the x bit alone", [file("run", "#!/bin/sh\n")], []],
  ["the x bit and the content", [file("run", "#!/bin/bash\n"), file("README.md", "# Zoo!\n", "100755")], []],
  ["a link that points elsewhere", [file("link", "run", "120000")], []],
  [
    "a file that becomes a link, and a link that becomes a file",
    [file("README.md", "run", "120000"), file("link", "x\n")],
    [],
  ],
  ["a file that becomes a directory", [file("README.md/x", "x\n")], ["README.md"]],
  ["a directory that becomes a file", [file("dir", "x\n")], ["dir/a"]],
  [
    "odd names",
    [file('with space/ünï "quoted".txt', "y\n"), file("plain space", "y\n"), file("back\\slash", "\\\n")],
    [],
  ],
  ["lines that look like a patch", [file("README.md", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n\\ No newline\n-x\n")], []],
  ["every line of a large file", [file("long.txt", lines(3000, 5000))], []],
  ["a binary file", [file("binary", Buffer.from([3, 0, 4])), file("binary2", Buffer.from([0]))], ["empty"]],
];

describe("a diff", () => {
  it.each(cases)("of %s applies with native git, under native headers", async (name, changed, deleted) => {
    const { commit, diff } = await change(changed, deleted);
    expect(diff.leftOut).toEqual([]);
    expect(headers(diff.text).sort()).toEqual(headers(nativeDiff(commit)).sort());
    // A patch that only names a binary file needs its blobs at hand.
    expect(applied(diff.text, name.includes("binary"))).toBe(treeOf(commit));
  });

  it.each(cases)("of %s counts lines as native git does", async (_name, changed, deleted) => {
    const { commit, diff } = await change(changed, deleted);
    const numbers = git(repository.gitDir, [
      "diff",
      "--numstat",
      "--no-renames",
      "-z",
      "--minimal",
      repository.baseCommit,
      commit,
    ]);
    const ours = diff.files.map(({ path, additions, deletions, binary }) => {
      return binary ? `-\t-\t${path}` : `${additions}\t${deletions}\t${path}`;
    });
    expect(ours.sort()).toEqual(numbers.split("\0").filter(Boolean).sort());
  });

  it("names what happened to each file", async () => {
    const changed = [file("run", "#!/bin/sh\n"), file("new", "x\n"), file("long.txt", lines(61)), file("binary", "\0")];
    const { diff } = await change(changed, ["dir/a"]);
    expect(diff.files).toEqual([
      { path: "binary", status: "modified", additions: 0, deletions: 0, binary: true },
      { path: "dir/a", status: "deleted", additions: 0, deletions: 1, binary: false },
      { path: "long.txt", status: "modified", additions: 1, deletions: 0, binary: false },
      { path: "new", status: "added", additions: 1, deletions: 0, binary: false },
      { path: "run", status: "mode_changed", additions: 0, deletions: 0, binary: false },
    ]);
  });

  it("of nothing is empty", async () => {
    expect((await change([])).diff).toEqual({ text: "", leftOut: [], files: [] });
  });

  it("leaves out a file that does not fit, shows the small ones after it, and still lists all", async () => {
    const changed = [file("a-huge-lockfile", lines(5000)), file("small", "s\n"), file("README.md", "# Z\n")];
    const { diff } = await change(changed, [], 2_000);
    expect(diff.leftOut).toEqual(["a-huge-lockfile"]);
    expect(Buffer.byteLength(diff.text)).toBeLessThanOrEqual(2_000);
    expect(diff.text).not.toContain("lockfile");
    expect(diff.text).toContain("+++ b/small");
    expect(diff.files.map(({ path, additions }) => [path, additions])).toEqual([
      ["README.md", 1],
      ["a-huge-lockfile", 5000],
      ["small", 1],
    ]);
    applied(diff.text);
  });

  it("shows a change in a file that is not UTF-8 instead of hiding it as binary", async () => {
    const { diff } = await change([file("latin1.txt", Buffer.from("caf\xe9\nbackdoor\n", "latin1"))]);
    expect(diff.text).toContain("-plain\n+backdoor\n");
    expect(diff.text).toContain(" caf\ufffd\n");
  });

  it("of a submodule that is removed applies too", async () => {
    const sub = makeOrigin(root, "sub", { a: "a\n" });
    git(sub.work, ["update-index", "--add", "--cacheinfo", `160000,${"12".repeat(20)},lib`]);
    git(sub.work, ["commit", "-q", "-m", "lib"]);
    git(sub.work, ["push", "-q", "origin", "main"]);
    const forge = await startForge(root);
    const clone = await cloneRepository({ dir: join(root, "sub"), url: `${forge.url}/sub`, auth, branch: "main" });
    const author = { name: "A", email: "a@b.test" };
    const request = { parent: clone.baseCommit, changed: [], deleted: ["lib"], message: "m", author, timestamp: 1 };
    const commit = await commitChanges(clone, request);
    const { text } = await diffCommits(clone, clone.baseCommit, commit, { maxBytes: 10_000 });
    expect(text).toBe(git(clone.gitDir, ["diff", "--full-index", clone.baseCommit, commit]));
  });
});
