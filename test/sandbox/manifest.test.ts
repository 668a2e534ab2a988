import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readBlob } from "../../functions/sandbox/runner/blob.ts";
import { noRules } from "../../functions/sandbox/runner/ignore-rules.ts";
import { startRunner, within } from "./harness.ts";

function write(root: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

const paths = (listed: { path: string }[]) => listed.map(({ path }) => path).sort();

/** What git itself would take. */
function askGit(root: string, tracked: string[]): string[] {
  const git = (...args: string[]) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8" });
  git("init", "--quiet");
  if (tracked.length > 0) git("add", "--force", "--", ...tracked);
  const listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard");
  return [...new Set(listed.split("\0").filter((path) => path !== ""))].sort();
}

const cases: { name: string; files: Record<string, string>; tracked?: string[] }[] = [
  { name: "nothing to ignore", files: { a: "", "b/c": "" } },
  {
    name: "plain names",
    files: { ".gitignore": "*.log\ntmp\n", "a.log": "", "b/c.log": "", "tmp/x": "", "b/tmp/y": "" },
  },
  { name: "a folder pattern and a file of that name", files: { ".gitignore": "out/\n", "out/x": "", "b/out": "" } },
  { name: "anchored patterns", files: { ".gitignore": "/top\na/b\n", top: "", "x/top": "", "a/b": "", "x/a/b": "" } },
  { name: "a negation", files: { ".gitignore": "*.log\n!keep.log\n", "a.log": "", "keep.log": "", "d/keep.log": "" } },
  {
    name: "a negation below an ignored folder, which cannot be taken back",
    files: { ".gitignore": "out/\n!out/keep\n", "out/keep": "", "out/x": "" },
  },
  {
    name: "the content of a folder but one file",
    files: { ".gitignore": "out/*\n!out/keep\n", "out/keep": "", "out/x": "", "out/d/y": "" },
  },
  {
    name: "a nested file that adds rules",
    files: {
      "sub/.gitignore": "*.tmp\n/top\nd/e\n",
      "sub/a.tmp": "",
      "sub/x/b.tmp": "",
      "c.tmp": "",
      "sub/top": "",
      "sub/x/top": "",
      "sub/d/e": "",
      "sub/x/d/e": "",
    },
  },
  {
    name: "a nested file that takes a rule back",
    files: { ".gitignore": "*.log\n", "sub/.gitignore": "!*.log\n", "a.log": "", "sub/a.log": "", "sub/x/b.log": "" },
  },
  {
    name: "a nested file that takes a folder back",
    files: {
      ".gitignore": "build/\n",
      "sub/.gitignore": "!build/\n",
      "build/x": "",
      "sub/build/x": "",
      "sub/build/build/y": "",
    },
  },
  {
    name: "a nested file inside an ignored folder, which is not obeyed",
    files: { ".gitignore": "out/\n", "out/.gitignore": "!*\n", "out/x": "" },
  },
  {
    name: "tracked files in ignored folders",
    files: { ".gitignore": "out/\n*.log\n", "out/x": "", "out/deep/t": "", "out/deep/u": "", "a.log": "", "b.log": "" },
    tracked: ["out/deep/t", "a.log"],
  },
  {
    name: "folders with special names",
    files: {
      "a*b/.gitignore": "x\n/y\n",
      "a*b/x": "",
      "a*b/y": "",
      "acb/x": "",
      "[ab]/.gitignore": "x\n",
      "[ab]/x": "",
      "a/x": "",
      "sp ace/.gitignore": "x\n",
      "sp ace/x": "",
      "!n/.gitignore": "x\n",
      "!n/x": "",
      "#h/.gitignore": "x\n",
      "#h/x": "",
      "(p){q}/.gitignore": "x\n",
      "(p){q}/x": "",
      "ü/.gitignore": "x\n",
      "ü/x": "",
    },
  },
  {
    name: "escapes and comments, nested and not",
    files: {
      ".gitignore": "# c\n\\#a\n\\!b\ntrail  \n",
      "#a": "",
      "!b": "",
      trail: "",
      "s/.gitignore": "# c\n\\#d\n\\!e\n   \n",
      "s/#d": "",
      "s/!e": "",
      "s/f": "",
    },
  },
  {
    name: "double stars",
    files: { ".gitignore": "**/x\na/**/z\nb/**\n", "p/x": "", x: "", "a/z": "", "a/1/2/z": "", "b/c/d": "" },
  },
  {
    name: "double stars, nested",
    files: { "s/.gitignore": "**/x\na/**/z\nb/**\n", "s/p/x": "", "s/a/1/z": "", "s/b/c": "", "b/c": "", x: "" },
  },
  { name: "case", files: { ".gitignore": "Build\n*.LOG\n", "build/x": "", "Build/x": "", "a.log": "", "a.LOG": "" } },
  { name: "windows line ends and a BOM", files: { "s/.gitignore": "\ufeff*.a\n*.b\r\n", "s/x.a": "" } },
];

it.each(cases)("the listing agrees with git about $name", async ({ files, tracked = [] }) => {
  const { sandbox, workspace } = await startRunner();
  write(workspace, files);
  const { entries } = await sandbox.manifest(tracked);
  const expected = askGit(workspace, tracked);
  expect(expected.length).toBeGreaterThan(0);
  expect(paths(entries)).toEqual(expected);
});

it("links are listed and never followed, and a .gitignore that is a link is not obeyed", async () => {
  const { sandbox, workspace } = await startRunner();
  write(workspace, { "real/a": "", rules: "*.log\n", "sub/x.log": "" });
  symlinkSync("real", join(workspace, "to-folder"));
  symlinkSync("/", join(workspace, "to-root"));
  symlinkSync(".", join(workspace, "to-self"));
  symlinkSync("../rules", join(workspace, "sub/.gitignore"));
  const { entries, skipped } = await sandbox.manifest([]);
  expect(paths(entries)).toEqual(
    ["real/a", "rules", "sub/.gitignore", "sub/x.log", "to-folder", "to-root", "to-self"].sort(),
  );
  expect(entries.filter(({ mode }) => mode === "120000").length).toBe(4);
  expect(skipped).toEqual([]);
});

it("a folder pattern does not ignore a link of that name", async () => {
  const { sandbox, workspace } = await startRunner();
  write(workspace, { ".gitignore": "out/\n", "real/a": "" });
  symlinkSync("real", join(workspace, "out"));
  expect(paths((await sandbox.manifest([])).entries)).toContain("out");
});

it("the bit of the owner decides whether a file is executable", async () => {
  const { sandbox, workspace } = await startRunner();
  const modes = { a: 0o644, b: 0o755, c: 0o700, d: 0o654, e: 0o600 };
  write(workspace, { a: "", b: "", c: "", d: "", e: "" });
  for (const [name, mode] of Object.entries(modes)) chmodSync(join(workspace, name), mode);
  const { entries } = await sandbox.manifest([]);
  const executable = entries.filter(({ mode }) => mode === "100755");
  expect(paths(executable)).toEqual(["b", "c"]);
});

it("what git cannot hold is skipped with its reason, and nothing waits for it", async () => {
  const { sandbox, workspace } = await startRunner();
  write(workspace, { fine: "", ".git/config": "x", "sub/.git": "gitdir: elsewhere", "sub/.GIT/x": "", "sub/ok": "" });
  write(workspace, { "new\nline": "", "esc\u001b": "" });
  writeFileSync(Buffer.concat([Buffer.from(`${workspace}/latin`), Buffer.from([0xe9])]), "");
  execFileSync("mkfifo", [join(workspace, "fifo")]);
  execFileSync("truncate", ["-s", "2T", join(workspace, "sparse")]);
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(join(workspace, "socket"), resolve));

  const { entries, skipped } = await within(10_000, "the listing", sandbox.manifest([]));
  expect(paths(entries)).toEqual(["fine", "sub/ok"]);
  expect(Object.fromEntries(skipped.map(({ path, why }) => [path, why]))).toEqual({
    ".git": "the path goes through a .git directory",
    "sub/.git": "the path goes through a .git directory",
    "sub/.GIT": "the path goes through a .git directory",
    "new\ufffdline": "the path holds a control character",
    "esc\ufffd": "the path holds a control character",
    "latin\ufffd": "its name is not UTF-8",
    fifo: "it is neither a file nor a symbolic link",
    socket: "it is neither a file nor a symbolic link",
    sparse: "it is larger than 1 GiB",
  });
});

it("a file that turns into something else before it is opened is neither followed nor waited for", async () => {
  const { workspace } = await startRunner();
  symlinkSync("/etc/hostname", join(workspace, "link"));
  execFileSync("mkfifo", [join(workspace, "fifo")]);
  await expect(readBlob(join(workspace, "link"))).rejects.toMatchObject({ code: "ELOOP" });
  for (const name of ["fifo", "."]) {
    expect(await readBlob(join(workspace, name))).toEqual({ kind: "skipped", why: "it changed while it was read" });
  }
});

it("a file larger than can be fetched is still listed, with the id git gives it", async () => {
  const { sandbox, workspace } = await startRunner();
  execFileSync("truncate", ["-s", "60M", join(workspace, "large")]);
  const [entry] = (await sandbox.manifest([])).entries;
  const oid = execFileSync("git", ["hash-object", join(workspace, "large")], { encoding: "utf8" }).trim();
  expect(entry).toEqual({ path: "large", mode: "100644", size: 60 * 1024 * 1024, oid });
});

it("an ignored folder costs nothing, and thousands of files are listed in one go", async () => {
  const { sandbox, workspace } = await startRunner();
  write(workspace, { ".gitignore": "node_modules\n" });
  for (let folder = 0; folder < 40; folder++) {
    mkdirSync(join(workspace, `node_modules/d${folder}`), { recursive: true });
    mkdirSync(join(workspace, `src/d${folder}`), { recursive: true });
    for (let at = 0; at < 100; at++) {
      writeFileSync(join(workspace, `node_modules/d${folder}/f${at}`), "");
      writeFileSync(join(workspace, `src/d${folder}/f${at}`), String(at));
    }
  }
  const { entries } = await sandbox.manifest([]);
  expect(entries.length).toBe(4001);
});

it("ten thousand rules above do not slow a listing below them down to a stop", () => {
  const above = noRules.with(Array.from({ length: 10_000 }, (_, at) => `x${at}.*.y`).join("\n"), "");
  const below = above.with("!x1.*.y", "sub");
  expect(below.ignores("sub/x1.a.y")).toBe(false);
  expect(below.ignores("sub/x2.a.y")).toBe(true);
});
