import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { gitBlobId } from "../../functions/git/blob-id.ts";
import type { TreeFile } from "../../functions/git/tree.ts";
import { maxFileBytes } from "../../functions/sandbox/protocol.ts";
import { collect, collectRun, give, startRunner, until } from "./harness.ts";

const file = (path: string, content: string | Buffer = path, mode: TreeFile["mode"] = "100644"): TreeFile => ({
  path,
  mode,
  content: Buffer.from(content),
});

const oddTree: TreeFile[] = [
  file("README.md", "hello\n"),
  file("empty", ""),
  file("bin/run.sh", "#!/bin/sh\necho ran\n", "100755"),
  file("with space/ü 漢字 🐑.txt"),
  file("-rf"),
  file("--checkpoint-action=exec=touch pwned"),
  file("a*b?[c]"),
  file("back\\slash"),
  file("quote'\".txt"),
  file(" leading and trailing "),
  file("@LongLink"),
  file("x".repeat(255)),
  file(`${"deep/".repeat(60)}file`),
  file("binary", Buffer.from([0, 255, 10, 13, 0])),
  file("large", Buffer.alloc(5 * 1024 * 1024, "sheep")),
  file("link", "README.md", "120000"),
  file("dangling", "nowhere/at all", "120000"),
  file("outside", "/etc/passwd", "120000"),
  file("upwards", "../../..", "120000"),
  file("long-target", "t".repeat(300), "120000"),
];

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);

it("a tree of odd names, links and modes comes back as it went in", async () => {
  const { sandbox, workspace } = await startRunner();
  await sandbox.unpack(give(...oddTree));
  expect(readlinkSync(join(workspace, "outside"))).toBe("/etc/passwd");
  expect(lstatSync(join(workspace, "bin/run.sh")).mode & 0o777).toBe(0o755);
  expect((await collectRun(sandbox, ["./bin/run.sh"])).stdout).toBe("ran\n");

  const { entries, skipped } = await sandbox.manifest([]);
  expect(skipped).toEqual([]);
  const expected = oddTree.map(({ path, mode, content }) => ({
    path,
    mode,
    size: content.length,
    oid: gitBlobId(content),
  }));
  expect(entries.toSorted(byPath)).toEqual(expected.toSorted(byPath));

  const files = await collect(sandbox.fetch(entries));
  expect(files.toSorted(byPath)).toEqual(oddTree.toSorted(byPath));
});

it("unpacking writes over what is there and removes nothing", async () => {
  const { sandbox, workspace } = await startRunner();
  await sandbox.unpack(give(file("keep", "old"), file("change", "old"), file("turns", "into a link")));
  await sandbox.unpack(give(file("change", "new", "100755"), file("turns", "keep", "120000")));
  expect(readFileSync(join(workspace, "keep"), "utf8")).toBe("old");
  expect(readFileSync(join(workspace, "change"), "utf8")).toBe("new");
  expect(lstatSync(join(workspace, "change")).mode & 0o777).toBe(0o755);
  expect(readlinkSync(join(workspace, "turns"))).toBe("keep");
});

it("an empty tree can be unpacked, and an empty list fetched", async () => {
  const { sandbox } = await startRunner();
  await sandbox.unpack(give());
  expect(await sandbox.manifest([])).toEqual({ entries: [], skipped: [] });
  expect(await collect(sandbox.fetch([]))).toEqual([]);
});

it.each([
  ["a path out of the workspace", file("../x")],
  ["an absolute path", file("/x")],
  ["a path through .git", file(".git/hooks/post-checkout")],
  ["a link without a target", file("x", "", "120000")],
  ["a link with a NUL in its target", file("x", "a\0b", "120000")],
  ["a link whose target is not text", file("x", Buffer.from([0xff]), "120000")],
])("unpack refuses %s, and the workspace goes on", async (_name, bad) => {
  const { sandbox } = await startRunner();
  await expect(sandbox.unpack(give(file("first"), bad))).rejects.toMatchObject({ code: "failed" });
  expect((await collectRun(sandbox, ["echo", "on"])).stdout).toBe("on\n");
});

it("when the source of the files fails, unpack fails with that error and the workspace goes on", async () => {
  const { sandbox } = await startRunner();
  async function* breakOff(): AsyncGenerator<TreeFile> {
    yield file("first", Buffer.alloc(3 * 1024 * 1024));
    throw new Error("the pack is corrupt");
  }
  await expect(sandbox.unpack(breakOff())).rejects.toThrow("the pack is corrupt");
  expect((await collectRun(sandbox, ["echo", "on"])).stdout).toBe("on\n");
});

it("when the workspace cannot be written, unpack says what tar said", async () => {
  const { sandbox, workspace } = await startRunner();
  mkdirSync(join(workspace, "taken/by-a-folder"), { recursive: true });
  await expect(sandbox.unpack(give(file("taken"), file("large", Buffer.alloc(9_000_000))))).rejects.toThrow(
    /cannot unpack the files: tar: .*taken/s,
  );
  expect((await collectRun(sandbox, ["echo", "on"])).stdout).toBe("on\n");
});

it("fetch names a file that has gone, and brings one that has grown", async () => {
  const { sandbox, workspace } = await startRunner();
  await sandbox.unpack(give(file("gone"), file("grown"), file("same")));
  const { entries } = await sandbox.manifest([]);
  appendFileSync(join(workspace, "grown"), " and more");
  rmSync(join(workspace, "gone"));
  await expect(collect(sandbox.fetch(entries))).rejects.toThrow(/"gone": it is missing/);
  const left = await collect(sandbox.fetch(entries.filter(({ path }) => path !== "gone")));
  expect(left.map(({ content }) => content.toString()).sort()).toEqual(["grown and more", "same"]);
});

it("fetch brings hard links as the files they are, and links as links even when they lead to a folder", async () => {
  const { sandbox, workspace } = await startRunner();
  mkdirSync(join(workspace, "folder"));
  writeFileSync(join(workspace, "one"), "same inode");
  linkSync(join(workspace, "one"), join(workspace, "two"));
  symlinkSync("folder", join(workspace, "to-folder"));
  const files = await collect(sandbox.fetch((await sandbox.manifest([])).entries));
  expect(files.toSorted(byPath)).toEqual([
    file("one", "same inode"),
    file("to-folder", "folder", "120000"),
    file("two", "same inode"),
  ]);
});

it("a file that has become a fifo or a folder by the time of the fetch ends the connection, and nothing hangs", async () => {
  for (const turn of [
    ["mkfifo", "a"],
    ["mkdir", "a"],
  ]) {
    const { sandbox, workspace } = await startRunner();
    await sandbox.unpack(give(file("a")));
    const { entries } = await sandbox.manifest([]);
    rmSync(join(workspace, "a"));
    await collectRun(sandbox, turn);
    await expect(collect(sandbox.fetch(entries))).rejects.toMatchObject({ code: "protocol_violation" });
  }
});

it("fetch can be left in the middle, and the workspace goes on", async () => {
  const { sandbox } = await startRunner();
  const many = Array.from({ length: 40 }, (_, at) => file(`f${at}`, Buffer.alloc(1024 * 1024, at)));
  await sandbox.unpack(give(...many));
  const { entries } = await sandbox.manifest([]);
  let taken = 0;
  for await (const { content } of sandbox.fetch(entries)) {
    expect(content.length).toBe(1024 * 1024);
    if (++taken === 3) break;
  }
  expect((await collectRun(sandbox, ["echo", "on"])).stdout).toBe("on\n");
  expect((await collect(sandbox.fetch(entries))).length).toBe(40);
});

it("a file that grew over the limit since it was listed is refused by name, and the workspace goes on", async () => {
  const { sandbox } = await startRunner();
  await sandbox.unpack(give(file("a")));
  const { entries } = await sandbox.manifest([]);
  await collectRun(sandbox, ["truncate", "-s", String(maxFileBytes + 1), "a"]);
  await expect(collect(sandbox.fetch(entries))).rejects.toMatchObject({
    code: "too_large",
    message: expect.stringContaining(`"a"`),
  });
  expect((await collectRun(sandbox, ["echo", "on"])).stdout).toBe("on\n");
});

it("a tree larger than all pipes passes both ways while its reader takes its time", async () => {
  const { sandbox } = await startRunner();
  async function* produce(): AsyncGenerator<TreeFile> {
    for (let at = 0; at < 60; at++) yield file(`f${at}`, Buffer.alloc(2 * 1024 * 1024, at), "100644");
  }
  await sandbox.unpack(produce());
  const { entries } = await sandbox.manifest([]);
  const digest = createHash("sha1");
  let total = 0;
  for await (const { content } of sandbox.fetch(entries)) {
    total += content.length;
    digest.update(content);
    await new Promise(setImmediate);
  }
  expect(total).toBe(60 * 2 * 1024 * 1024);
});

it("a file that nobody but root may read is skipped with the reason", async ({ skip }) => {
  if (process.getuid?.() === 0) skip("root reads everything");
  const { sandbox, workspace } = await startRunner();
  writeFileSync(join(workspace, "closed"), "x");
  chmodSync(join(workspace, "closed"), 0);
  expect((await sandbox.manifest([])).skipped).toEqual([{ path: "closed", why: "it cannot be read (EACCES)" }]);
});

it("a lost runner ends a fetch that is under way", async () => {
  const { sandbox, runner } = await startRunner();
  await sandbox.unpack(give(...Array.from({ length: 30 }, (_, at) => file(`f${at}`, Buffer.alloc(1024 * 1024)))));
  const { entries } = await sandbox.manifest([]);
  const fetching = async () => {
    for await (const { path } of sandbox.fetch(entries)) {
      if (path !== entries[0]?.path) continue;
      runner.kill("SIGKILL");
      await until("the runner's end", () => runner.signalCode !== null);
    }
  };
  await expect(fetching()).rejects.toMatchObject({ code: "lost" });
});
