import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { gitBlobId } from "../../functions/git/blob-id.ts";
import { CloneError, type CloneRequest, cloneRepository } from "../../functions/git/clone.ts";
import { listTree, readFiles } from "../../functions/git/list-tree.ts";
import type { TreeFile } from "../../functions/git/tree.ts";
import type { Endpoint } from "../../infra/local/aws-json.ts";
import {
  auth,
  commitAndPush,
  git,
  makeOrigin,
  makeTempDir,
  type Origin,
  startForge,
  token,
  writeFiles,
} from "./native-git.ts";

const root = makeTempDir();
const submodule = "1234567890123456789012345678901234567890";
let forge: Endpoint;
let origin: Origin;
let copies = 0;

beforeAll(async () => {
  forge = await startForge(root);
  origin = makeOrigin(root, "zoo", {
    "README.md": "# Zoo\n",
    "bin/run": { content: "#!/bin/sh\n", mode: "100755" },
    link: { content: "bin/run", mode: "120000" },
    dangling: { content: "../../etc/passwd", mode: "120000" },
    "ünïcode/日本 語.txt": "こんにちは\n",
    empty: "",
    "binary.dat": Buffer.from([0, 255, 1, 254, 13, 10]),
    "crlf.txt": "a\r\nb\r\n",
    "deep/er/and/deeper/x": "x",
  });
  git(origin.work, ["update-index", "--add", "--cacheinfo", `160000,${submodule},vendor/lib`]);
  git(origin.work, ["commit", "-q", "-m", "Add a submodule"]);
  git(origin.work, ["push", "-q", "origin", "main"]);
  origin.head = git(origin.work, ["rev-parse", "HEAD"]).trim();
});

function clone(options: Partial<CloneRequest> = {}) {
  const dir = join(root, `clone-${++copies}`);
  return cloneRepository({ dir, url: `${forge.url}/zoo`, auth, branch: "main", ...options });
}

async function collect(files: AsyncIterable<TreeFile>): Promise<TreeFile[]> {
  const all: TreeFile[] = [];
  for await (const file of files) all.push(file);
  return all;
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());
}

describe("a clone", () => {
  it("holds the tip of the branch, without its history", async () => {
    const repository = await clone();
    expect(repository.baseCommit).toBe(origin.head);
    expect(git(repository.gitDir, ["rev-list", "--count", origin.head]).trim()).toBe("1");
    git(repository.gitDir, ["fsck", "--full", "--strict"]);
  });

  it("lists what native git lists, with modes, links, odd names and the submodule", async () => {
    const repository = await clone();
    const native = git(origin.bare, ["ls-tree", "-r", "-z", "main"]).split("\0").filter(Boolean);
    const ours = (await listTree(repository, origin.head)).map(({ mode, oid, path }) => {
      return `${mode} ${mode === "160000" ? "commit" : "blob"} ${oid}\t${path}`;
    });
    expect(ours).toEqual(native);
    expect(ours).toContain(`160000 commit ${submodule}\tvendor/lib`);
  });

  it("reads every file as it is, and skips the submodule", async () => {
    const repository = await clone();
    const files = await collect(readFiles(repository, origin.head));
    const entries = (await listTree(repository, origin.head)).filter(({ mode }) => mode !== "160000");
    expect(files.map(({ path }) => path)).toEqual(entries.map(({ path }) => path));
    expect(files.map(({ content }) => gitBlobId(content))).toEqual(entries.map(({ oid }) => oid));
    const byPath = new Map(files.map((file) => [file.path, file]));
    expect(byPath.get("link")).toEqual({ path: "link", mode: "120000", content: Buffer.from("bin/run") });
    expect(byPath.get("bin/run")?.mode).toBe("100755");
    expect(byPath.get("crlf.txt")?.content.toString()).toBe("a\r\nb\r\n");
  });

  it("writes no credential to the disk", async () => {
    const { gitDir } = await clone();
    const basic = Buffer.from(`${auth.username}:${token}`).toString("base64");
    const files = filesUnder(gitDir);
    expect(files.some((path) => path.endsWith(".pack"))).toBe(true);
    for (const path of files) {
      const content = readFileSync(path).toString("latin1");
      expect([path, content.includes(token), content.includes(basic)]).toEqual([path, false, false]);
    }
  });

  it("takes the branch and not a tag of the same name", async () => {
    const twin = makeOrigin(root, "twin", { a: "old\n" });
    git(twin.bare, ["tag", "main", twin.head]);
    writeFiles(twin.work, { a: "new\n" });
    const tip = commitAndPush(twin, "New");
    expect((await clone({ url: `${forge.url}/twin` })).baseCommit).toBe(tip);
  });

  it.each([
    ["hands commits out by id", true],
    ["offers branches only", false],
  ])("is made at an older commit, on a server that %s", async (_name, byId) => {
    const name = `moved-${byId}`;
    const moved = makeOrigin(root, name, { a: "1\n" });
    if (byId) git(moved.bare, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
    writeFiles(moved.work, { a: "2\n" });
    commitAndPush(moved, "Two");
    const repository = await clone({ url: `${forge.url}/${name}`, commit: moved.head });
    expect(repository.baseCommit).toBe(moved.head);
    expect((await collect(readFiles(repository, moved.head))).map(({ content }) => content.toString())).toEqual([
      "1\n",
    ]);
  });

  it.each<[string, Partial<CloneRequest>, string, RegExp]>([
    ["a branch that is not there", { branch: "nope" }, "branch_missing", /nope/],
    ["a commit that is not there", { commit: "a".repeat(40) }, "branch_missing", /a{40}/],
    ["no token", { auth: undefined }, "auth_refused", /asks for a token/],
    ["a wrong token", { auth: { username: "x", password: "wrong" } }, "auth_refused", /create a token/],
  ])("that fails for %s says so and leaves nothing behind", async (_name, options, kind, message) => {
    const dir = join(root, `failed-${++copies}`);
    const error = await clone({ dir, ...options }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CloneError);
    expect(error).toMatchObject({ problem: { kind, message: expect.stringMatching(message) } });
    expect(() => statSync(dir)).toThrow("ENOENT");
  });

  it("refuses a directory that is in use", async () => {
    const { gitDir } = await clone();
    await expect(clone({ dir: gitDir })).rejects.toThrow("not empty");
    git(gitDir, ["fsck"]);
  });
});

describe("a repository with names we cannot carry", () => {
  it("shows what may cross, and hides the rest", async () => {
    const hostile = makeOrigin(root, "hostile", { "good.txt": "good\n" });
    const blob = git(hostile.bare, ["hash-object", "-w", "--stdin"], "x").trim();
    const names = [Buffer.from("latin-\xe9", "latin1"), Buffer.from("new\nline"), Buffer.from("good.txt")];
    const lines = names.map((name) => Buffer.concat([Buffer.from(`100644 blob ${blob}\t`), name, Buffer.from("\0")]));
    const tree = git(hostile.bare, ["mktree", "-z"], Buffer.concat(lines)).trim();
    const commit = git(hostile.bare, ["commit-tree", tree, "-m", "Odd"]).trim();
    git(hostile.bare, ["update-ref", "refs/heads/main", commit]);
    const repository = await clone({ url: `${forge.url}/hostile` });
    expect((await listTree(repository, commit)).map(({ path }) => path)).toEqual(["good.txt"]);
  });

  it("hides what would write into a .git directory", async () => {
    const evil = makeOrigin(root, "evil", { ok: "ok\n" });
    const blob = git(evil.bare, ["hash-object", "-w", "--stdin"], "x").trim();
    const inner = git(evil.bare, ["mktree"], `100644 blob ${blob}\tconfig\n`).trim();
    const entry = (mode: string, name: string, oid: string) => {
      return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, "hex")]);
    };
    const object = Buffer.concat([
      entry("40000", "..", inner),
      entry("40000", ".GIT", inner),
      entry("100644", "a/b", blob),
      entry("100664", "ok", blob),
    ]);
    const tree = git(evil.bare, ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], object).trim();
    const commit = git(evil.bare, ["commit-tree", tree, "-m", "Evil"]).trim();
    git(evil.bare, ["update-ref", "refs/heads/main", commit]);
    const repository = await clone({ url: `${forge.url}/evil` });
    expect(await listTree(repository, commit)).toEqual([{ path: "ok", mode: "100644", oid: blob }]);
  });
});
