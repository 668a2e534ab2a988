import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findUnresolved } from "../../functions/git/find-unresolved.ts";
import type { Conflict } from "../../functions/git/merge-stages.ts";
import type { Repository } from "../../functions/git/objects.ts";
import { trialMerge } from "../../functions/git/trial-merge.ts";
import { git, makeTempDir, writeFiles } from "./native-git.ts";

type FileSpec = Parameters<typeof writeFiles>[1][string];
/** What a side has: null takes a file away. */
type Side = Record<string, FileSpec | null>;

const root = makeTempDir();
const labels = { ours: "ours (drover)", theirs: "theirs (main)" };
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");
let repositories = 0;

function commitSide(work: string, branch: string, files: Side): string {
  git(work, ["checkout", "-q", "-B", branch, "base"]);
  for (const path of Object.keys(files)) rmSync(join(work, path), { recursive: true, force: true });
  const written = Object.entries(files).filter((entry): entry is [string, FileSpec] => entry[1] !== null);
  writeFiles(work, Object.fromEntries(written));
  git(work, ["add", "-A"]);
  git(work, ["commit", "-q", "--allow-empty", "-m", branch]);
  return git(work, ["rev-parse", "HEAD"]).trim();
}

async function merge(base: Side, ours: Side, theirs: Side) {
  const work = join(root, `repository-${++repositories}`);
  mkdirSync(work);
  git(work, ["init", "-q", "-b", "start"]);
  git(work, ["commit", "-q", "--allow-empty", "-m", "start"]);
  git(work, ["branch", "base"]);
  const baseCommit = commitSide(work, "base", base);
  const commits = {
    base: baseCommit,
    ours: commitSide(work, "ours", ours),
    theirs: commitSide(work, "theirs", theirs),
  };
  const repository: Repository = { gitDir: join(work, ".git"), baseCommit, cache: {} };
  const result = await trialMerge(repository, { ...commits, labels });
  const read = (path: string) => git(work, ["cat-file", "-p", `${"tree" in result ? result.tree : ""}:${path}`]);
  const names = "tree" in result ? git(work, ["ls-tree", "-r", "--name-only", result.tree]).trim().split("\n") : [];
  if ("tree" in result) git(work, ["fsck", "--full", "--strict"]);
  return { result, read, names, work, repository };
}

/** Kind and path of each. */
function told(result: { conflicts?: Conflict[] }): string[] {
  return (result.conflicts ?? []).map(({ kind, path }) => `${kind} ${path}`);
}

describe("a trial merge", () => {
  it("says when there is nothing to take in", async () => {
    const { result } = await merge({ a: "a\n" }, { a: "changed\n" }, {});
    expect(result).toEqual({ kind: "up_to_date" });
  });

  it("joins changes of different files, and distant ones of the same file", async () => {
    const base = { text: numbered(1, 20), other: "o\n" };
    const ours = { text: numbered(1, 20).replace("line 2\n", "our 2\n") };
    const theirs = { text: numbered(1, 20).replace("line 18\n", "their 18\n"), other: "their o\n" };
    const { result, read } = await merge(base, ours, theirs);
    expect(result.kind).toBe("clean");
    expect(read("text")).toBe(numbered(1, 20).replace("line 2\n", "our 2\n").replace("line 18\n", "their 18\n"));
    expect(read("other")).toBe("their o\n");
  });

  it("takes the same change of both sides once", async () => {
    const { result, read } = await merge(
      { text: numbered(1, 5) },
      { text: numbered(1, 6) },
      { text: numbered(1, 6), b: "b\n" },
    );
    expect(result.kind).toBe("clean");
    expect(read("text")).toBe(numbered(1, 6));
  });

  it("puts lines that both have changed between markers, the rest merged around them", async () => {
    const base = { text: numbered(1, 20) };
    const ours = { text: numbered(1, 20).replace("line 5\n", "our 5\n").replace("line 12\n", "our 12\n") };
    const theirs = { text: numbered(1, 20).replace("line 5\n", "their 5\n").replace("line 18\n", "their 18\n") };
    const { result, read } = await merge(base, ours, theirs);
    expect(told(result as never)).toEqual(["content text"]);
    expect(read("text")).toBe(
      numbered(1, 20)
        .replace("line 5\n", "<<<<<<< ours (drover)\nour 5\n=======\ntheir 5\n>>>>>>> theirs (main)\n")
        .replace("line 12\n", "our 12\n")
        .replace("line 18\n", "their 18\n"),
    );
  });

  it("ends markers as the file ends its lines, also after a last line without an end", async () => {
    const { read } = await merge({ text: "a\r\nb" }, { text: "a\r\nours" }, { text: "a\r\ntheirs" });
    expect(read("text")).toBe("a\r\n<<<<<<< ours (drover)\r\nours\r\n=======\r\ntheirs\r\n>>>>>>> theirs (main)\r\n");
  });

  it("makes its markers longer where the text has such lines of its own", async () => {
    const page = "<<<<<<< a page about git\n=======\n>>>>>>>> of eight\n";
    const { result, read, repository, work } = await merge(
      { p: `${page}1\n` },
      { p: `${page}2\n` },
      { p: `${page}3\n` },
    );
    if (result.kind !== "conflicts") throw new Error(result.kind);
    expect(read("p")).toBe(`${page}<<<<<<<<< ours (drover)\n2\n=========\n3\n>>>>>>>>> theirs (main)\n`);
    const resolved = commitSide(work, "resolved", { p: `${page}2 and 3\n` });
    expect(await findUnresolved(repository, resolved, result.conflicts)).toEqual([]);
  });

  it("is clean for a file that we have changed and they have renamed, and has the change under the new name", async () => {
    const { result, read, names } = await merge(
      { old: numbered(1, 20) },
      { old: numbered(1, 21) },
      { old: null, new: numbered(0, 20) },
    );
    expect(result.kind).toBe("clean");
    expect(names).toEqual(["new"]);
    expect(read("new")).toBe(numbered(0, 21));
  });

  it("does not keep both copies of a file that both sides have renamed, each to another name", async () => {
    const text = numbered(1, 20);
    const { result, names } = await merge({ old: text }, { old: null, ours: text }, { old: null, theirs: text });
    expect(told(result as never)).toEqual(["rename_rename ours", "rename_rename theirs"]);
    expect(result).toMatchObject({ conflicts: [{ also: ["theirs"] }, { also: ["ours"] }] });
    expect(names).toEqual(["ours", "theirs"]);
  });

  it("says that a new file stands in a directory which the other side has moved away", async () => {
    const base = { "old/a": numbered(1, 9), "old/b": numbered(11, 19) };
    const moved = { "old/a": null, "old/b": null, "new/a": numbered(1, 9), "new/b": numbered(11, 19) };
    const { result, names } = await merge(base, { "old/c": "c\n" }, moved);
    expect(result).toMatchObject({
      kind: "conflicts",
      conflicts: [{ kind: "directory_rename", path: "old/c", also: ["new/c"] }],
    });
    expect(names).toEqual(["new/a", "new/b", "old/c"]);
  });

  it.each<[string, Side, Side, Side, string[], string[]]>([
    ["a deletion and a change", { a: "1\n" }, { a: null }, { a: "2\n" }, ["modify_delete a"], ["a"]],
    ["a change and a deletion", { a: "1\n" }, { a: "2\n" }, { a: null }, ["modify_delete a"], ["a"]],
    ["two new files of one name", {}, { a: "1\n" }, { a: "2\n" }, ["add_add a"], ["a"]],
    [
      "a rename and a deletion",
      { a: numbered(1, 9) },
      { a: null, b: numbered(1, 9) },
      { a: null },
      ["rename_delete b"],
      ["b"],
    ],
    ["binary files", { a: "\0" }, { a: "\x001" }, { a: "\x002" }, ["binary a"], ["a", "a.theirs"]],
    ["links", { a: link("x") }, { a: link("y") }, { a: link("z") }, ["symlink a"], ["a", "a.theirs"]],
    ["a file and a link", { a: "x\n" }, { a: link("y") }, { a: "z\n" }, ["type a"], ["a", "a.theirs"]],
    ["a file and a directory", {}, { a: "x\n" }, { "a/b": "y\n" }, ["file_directory a"], ["a.ours", "a/b"]],
    ["a directory and a file", {}, { "a/b": "y\n" }, { a: "x\n" }, ["file_directory a"], ["a.theirs", "a/b"]],
    ["new modes", {}, { a: "x\n" }, { a: { content: "x\n", mode: "100755" } }, ["mode a"], ["a"]],
  ])("reports %s, and shows what there is to choose from", async (_name, base, ours, theirs, conflicts, files) => {
    const { result, names } = await merge({ ...base, kept: "k\n" }, ours, { ...theirs, their: "t\n" });
    expect(told(result as never)).toEqual(conflicts);
    expect(names.sort()).toEqual([...files, "kept", "their"].sort());
  });

  it("puts their version under a name that nobody has", async () => {
    const { names } = await merge({ a: "\0", "a.theirs": "mine\n" }, { a: "\x001" }, { a: "\x002" });
    expect(names).toEqual(["a", "a.theirs", "a.theirs2"]);
  });

  it("never chooses between two commits of a submodule", async () => {
    const { work, repository } = await merge({ a: "a\n" }, {}, {});
    const point = (branch: string, id: string) => {
      git(work, ["checkout", "-q", "-B", branch, "base"]);
      git(work, ["update-index", "--add", "--cacheinfo", `160000,${id.repeat(40)},lib`]);
      git(work, ["commit", "-q", "-m", branch]);
      return git(work, ["rev-parse", "HEAD"]).trim();
    };
    const commits = { base: repository.baseCommit, ours: point("o", "1"), theirs: point("t", "2") };
    expect(await trialMerge(repository, { ...commits, labels })).toMatchObject({
      conflicts: [{ kind: "submodule", path: "lib" }],
    });
  });
});

describe("a resolution", () => {
  it.each<[string, Side, string[]]>([
    ["with all markers", {}, ["text", "data"]],
    ["with the opening one only", { text: "<<<<<<< whatever\n", "data.theirs": null }, ["text"]],
    ["with the middle one only", { text: "1\n=======\n2\n", "data.theirs": null }, ["text"]],
    [
      "with the closing one, and another line end",
      { text: "1\n>>>>>>> theirs (main)\r\n", "data.theirs": null },
      ["text"],
    ],
    ["with their file still beside ours", { text: "1\n" }, ["data"]],
    ["with neither", { text: "1\n", "data.theirs": null }, []],
    ["without the file", { text: null, "data.theirs": null }, []],
  ])("%s is seen through", async (_name, change, unresolved) => {
    const { result, work, repository } = await merge(
      { text: "0\n", data: "\0" },
      { text: "1\n", data: "\x001" },
      { text: "2\n", data: "\x002" },
    );
    if (result.kind !== "conflicts") throw new Error(result.kind);
    git(work, ["branch", "-f", "base", git(work, ["commit-tree", "-m", "marked", result.tree]).trim()]);
    const resolution = commitSide(work, "resolution", change);
    const found = await findUnresolved(repository, resolution, result.conflicts);
    expect(found.map(({ path }) => path).sort()).toEqual([...unresolved].sort());
  });
});

function link(content: string): FileSpec {
  return { content, mode: "120000" };
}
