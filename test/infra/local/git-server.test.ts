import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localRepositoryPassword, localRepositoryUrl } from "../../../functions/git/local-repository.ts";
import { inspectRemote } from "../../../functions/git/remote.ts";
import type { Endpoint } from "../../../infra/local/aws-json.ts";
import { startGitServer } from "../../../infra/local/git-server.ts";
import { serveLocalRepositories } from "../../../infra/local/local-repositories.ts";
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
} from "../../git/native-git.ts";

const root = makeTempDir();
const log: string[] = [];
let forge: Endpoint;
let origin: Origin;
let nativeUrl: string;

beforeAll(async () => {
  origin = makeOrigin(root, "shop", { "a.txt": "a\n" });
  forge = await startForge(root, { log: (line) => log.push(line) });
  nativeUrl = forge.url.replace("http://", `http://user:${token}@`);
});

/** Native git as a client must not block this process, which is the server. */
function nativeGit(dir: string, ...args: string[]) {
  return promisify(execFile)("git", args, {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: "/nonexistent", GIT_TERMINAL_PROMPT: "0" },
  });
}

/** Sends a request line exactly as given: an HTTP client would tidy the path up. */
async function rawStatus(line: string, headers = ""): Promise<number> {
  const { hostname, port } = new URL(forge.url);
  const socket = connect(Number(port), hostname);
  const basic = Buffer.from(`user:${token}`).toString("base64");
  socket.write(
    `${line} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Basic ${basic}\r\nconnection: close\r\n${headers}\r\n`,
  );
  let text = "";
  for await (const chunk of socket as AsyncIterable<Buffer>) text += chunk;
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

describe("the git server", () => {
  it("serves native git: clone, fetch and push of a large pack", async () => {
    await nativeGit(root, "clone", "-q", `${nativeUrl}/shop`, "native");
    const dir = join(root, "native");
    // More than git's 1 MiB buffer: it pushes chunked, without a length. Not compressible, so it stays that large.
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, n) => (n * n * 31 + (n >> 3) * 17) & 255));
    writeFileSync(join(dir, "noise"), noise);
    git(dir, ["add", "-A"]);
    git(dir, ["commit", "-q", "-m", "Noise"]);
    await nativeGit(dir, "push", "-q", "origin", "HEAD:refs/heads/noise");
    expect(git(origin.bare, ["rev-parse", "noise"])).toBe(git(dir, ["rev-parse", "HEAD"]));
    git(origin.bare, ["fsck", "--full"]);
  });

  it("unpacks a request that native git sends gzipped", async () => {
    // With many refs to ask for, git compresses what it asks.
    const many = makeOrigin(root, "many", { a: "a\n" });
    const updates = Array.from({ length: 300 }, (_, n) => {
      const commit = git(many.bare, ["commit-tree", `${many.head}^{tree}`, "-m", `${n}`]).trim();
      return `create refs/heads/b${n} ${commit}\n`;
    });
    git(many.bare, ["update-ref", "--stdin"], updates.join(""));
    await nativeGit(root, "clone", "-q", "--mirror", `${nativeUrl}/many`, "mirror");
    expect(git(join(root, "mirror"), ["for-each-ref"]).trim().split("\n")).toHaveLength(301);
  });

  it("asks for credentials, and tells the rule which repository and service is meant", async () => {
    const asked: unknown[] = [];
    const server = await startForge(root, {
      authorize: (user, password, request) => {
        asked.push([user, password, request]);
        return false;
      },
    });
    const response = await fetch(`${server.url}/team/shop/info/refs?service=git-receive-pack`, {
      headers: { authorization: `Basic ${Buffer.from("me:a:b").toString("base64")}` },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
    await fetch(`${server.url}/x/git-upload-pack`, { method: "POST", body: "0000" });
    expect(asked).toEqual([
      ["me", "a:b", { path: "/team/shop", service: "git-receive-pack" }],
      ["", "", { path: "/x", service: "git-upload-pack" }],
    ]);
  });

  it.each([
    "GET /../shop/info/refs?service=git-upload-pack",
    "GET /a/../shop/info/refs?service=git-upload-pack",
    "GET /./shop/info/refs?service=git-upload-pack",
    "GET //shop/info/refs?service=git-upload-pack",
    "GET /%2e%2e/shop/info/refs?service=git-upload-pack",
    "GET /shop%00/info/refs?service=git-upload-pack",
    "GET /shop/info/refs",
    "GET /shop/info/refs?service=git-upload-archive",
    "GET /shop/info/refs?service=git-upload-pack&x=1",
    "GET /shop/HEAD",
    "GET /shop/objects/info/packs",
    "GET /shop/config",
    "GET /shop/git-upload-pack",
    "POST /shop/info/refs?service=git-upload-pack",
    "DELETE /shop/git-receive-pack",
    `GET /${"x".repeat(9000)}/info/refs?service=git-upload-pack`,
    "GET /nothing/info/refs?service=git-upload-pack",
    "GET /",
  ])("%s finds nothing", async (line) => {
    expect(await rawStatus(line)).toBe(404);
  });

  it("finds something for a plain request (the control for the list above)", async () => {
    expect(await rawStatus("GET /shop/info/refs?service=git-upload-pack")).toBe(200);
  });

  it("is no way in for a web page", async () => {
    const line = "GET /shop/info/refs?service=git-upload-pack";
    expect(await rawStatus(line, "origin: https://evil.test\r\n")).toBe(403);
  });

  it("runs git with an environment of its own, without this process's secrets and settings", async () => {
    process.env.DROVER_TEST_SECRET = "canary-env";
    afterAll(() => {
      delete process.env.DROVER_TEST_SECRET;
    });
    const spied = makeOrigin(root, "spied", { a: "a\n" });
    const seen = join(root, "seen");
    writeFileSync(join(spied.bare, "hooks/pre-receive"), `#!/bin/sh\nenv > ${seen}\n`);
    chmodSync(join(spied.bare, "hooks/pre-receive"), 0o755);
    await nativeGit(spied.work, "push", "-q", `${nativeUrl}/spied`, "HEAD:refs/heads/x");
    const environment = readFileSync(seen, "utf8");
    expect(environment).toContain(`GIT_CONFIG_VALUE_0=${spied.bare}\n`);
    expect(environment).not.toContain("canary-env");
    expect(environment).not.toContain(token);
    expect(environment).toContain("HOME=/nonexistent");
  });

  it.skipIf(process.getuid?.() !== 0)("serves a repository of another user, bare or with a work tree", async () => {
    const theirs = makeOrigin(root, "theirs", { a: "a\n" });
    for (const dir of [theirs.bare, theirs.work]) {
      const all = ["", ...readdirSync(dir, { recursive: true, encoding: "utf8" })];
      for (const name of all) chownSync(join(dir, name), 12345, 12345);
    }
    const found = await inspectRemote({ url: `${forge.url}/theirs`, auth, timeoutMs: 20_000 });
    expect(found).toMatchObject({ kind: "found", commit: theirs.head });
    const open = await startForge(root, { resolve: () => theirs.work });
    const worked = await inspectRemote({ url: `${open.url}/work`, auth, timeoutMs: 20_000 });
    expect(worked).toMatchObject({ kind: "found", commit: theirs.head });
  });

  it("ends git, and everything git started, when the client leaves", async () => {
    const slow = makeOrigin(root, "slow", { a: "a\n" });
    const mark = join(root, "marks");
    mkdirSync(mark);
    // The hook says its pid, then waits for ever.
    writeFileSync(
      join(slow.bare, "hooks/pre-receive"),
      `#!/bin/sh\necho $$ > ${mark}/pid.tmp\nmv ${mark}/pid.tmp ${mark}/pid\nsleep 600\n`,
    );
    chmodSync(join(slow.bare, "hooks/pre-receive"), 0o755);
    const started = new Promise<void>((resolve) => {
      const watcher = watch(mark, () => {
        if (!existsSync(join(mark, "pid"))) return;
        watcher.close();
        resolve();
      });
    });
    const command = `${"0".repeat(40)} ${slow.head} refs/heads/never\0 report-status\n`;
    const framed = (command.length + 4).toString(16).padStart(4, "0");
    const emptyPack = "5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e";
    const body = Buffer.concat([Buffer.from(`${framed}${command}0000`), Buffer.from(emptyPack, "hex")]);
    const request = httpRequest(`${forge.url}/slow/git-receive-pack`, {
      method: "POST",
      auth: `user:${token}`,
      headers: { "content-type": "application/x-git-receive-pack-request", "content-length": body.length },
    });
    request.on("error", () => undefined);
    request.end(body);
    await started;
    const pid = Number(readFileSync(join(mark, "pid"), "utf8"));
    expect(isAlive(pid)).toBe(true);
    request.destroy();
    await expect.poll(() => isAlive(pid), { timeout: 10_000, interval: 20 }).toBe(false);
    expect(git(slow.bare, ["branch", "--format=%(refname:short)"]).trim()).toBe("main");
  });

  it("closes while a client is still connected", async () => {
    const server = await startForge(root);
    const request = httpRequest(`${server.url}/shop/git-upload-pack`, {
      method: "POST",
      auth: `user:${token}`,
      headers: { "content-type": "application/x-git-upload-pack-request", "content-length": 1000 },
    });
    const failed = once(request, "error");
    request.write("0000");
    await once(request, "finish", { signal: AbortSignal.timeout(50) }).catch(() => undefined);
    await server.close();
    await failed.catch(() => undefined);
  });

  it("says clearly that git is missing", async () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    const start = startGitServer({ authorize: () => true, resolve: () => undefined });
    process.env.PATH = path;
    await expect(start).rejects.toThrow(/need git: install it/);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie is dead, only not yet buried.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("repositories that are paths on this machine", () => {
  const secret = "a secret of this stack";
  const timeoutMs = 20_000;
  let server: Endpoint;

  beforeAll(async () => {
    server = await serveLocalRepositories({ secret });
    afterAll(() => server.close());
  });

  function inspect(
    path: string,
    password = localRepositoryPassword(secret, path),
    url = localRepositoryUrl(server.url, path),
  ) {
    return inspectRemote({ url, auth: { username: "drover", password }, timeoutMs });
  }

  it("are served bare or with a work tree, with any name", async () => {
    expect(await inspect(origin.bare)).toMatchObject({ kind: "found", commit: origin.head });
    expect(await inspect(origin.work)).toMatchObject({ kind: "found", branch: "main" });
    const odd = makeOrigin(join(root), "öd d'näme", { a: "a\n" });
    expect(await inspect(odd.work)).toMatchObject({ kind: "found", commit: odd.head });
    expect(await inspect(join(root, "nothing"))).toMatchObject({ kind: "not_found" });
  });

  it("take pushes to other branches than the one that is checked out", async () => {
    const dir = join(root, "local-clone");
    const url = new URL(localRepositoryUrl(server.url, origin.work));
    url.username = "drover";
    url.password = localRepositoryPassword(secret, origin.work);
    await nativeGit(root, "clone", "-q", url.href, dir);
    await nativeGit(dir, "push", "-q", "origin", "HEAD:refs/heads/drover/new");
    expect(git(origin.work, ["rev-parse", "drover/new"])).toBe(git(dir, ["rev-parse", "HEAD"]));
    await expect(nativeGit(dir, "push", "-q", "origin", "HEAD~0:refs/heads/main", "--force")).resolves.toBeDefined();
    writeFiles(origin.work, { "b.txt": "b\n" });
    commitAndPush(origin, "Still fine");
  });

  it("open for their own password only", async () => {
    expect(await inspect(origin.bare, localRepositoryPassword(secret, origin.work))).toMatchObject({
      kind: "auth_refused",
    });
    expect(await inspect(origin.bare, localRepositoryPassword("other secret", origin.bare))).toMatchObject({
      kind: "auth_refused",
    });
    expect(await inspect(origin.bare, "")).toMatchObject({ kind: "auth_refused" });
  });

  it.each([
    ["goes through ..", `${root}/x/../shop.git`],
    ["is relative", "shop.git"],
    ["holds a NUL", `${root}/shop.git\0x`],
    ["ends in a slash's detour", `${root}//shop.git`],
  ])("are not served under a path that %s, whatever the password", async (_name, path) => {
    expect(await inspect(path)).toMatchObject({ kind: "auth_refused" });
  });

  it("have one spelling in a URL", async () => {
    const url = `${localRepositoryUrl(server.url, origin.bare)}~`;
    expect(await inspect(origin.bare, undefined, url)).toMatchObject({ kind: "auth_refused" });
  });
});
