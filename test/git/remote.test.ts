import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspectRemote, readRemoteBranch } from "../../functions/git/remote.ts";
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
const timeoutMs = 20_000;
let forge: Endpoint;
let origin: Origin;

beforeAll(async () => {
  origin = makeOrigin(root, "shop", { "a.txt": "a\n" });
  git(root, ["init", "-q", "--bare", "empty.git"]);
  forge = await startForge(root);
});

/** A server that is no git server at all: `answer` says what it does with a request. */
async function startPlainServer(answer: Parameters<typeof createServer>[1]): Promise<{ url: string; server: Server }> {
  const server = createServer(answer ?? (() => undefined));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe("the preflight of a repository", () => {
  it("finds the default branch, and where it stands", async () => {
    const found = await inspectRemote({ url: `${forge.url}/shop`, auth, timeoutMs });
    expect(found).toEqual({ kind: "found", branch: "main", commit: origin.head });
  });

  it("finds a default branch that is not called main", async () => {
    const other = makeOrigin(root, "trunk", { "a.txt": "a\n" });
    git(other.bare, ["branch", "-m", "main", "trunk/one"]);
    const found = await inspectRemote({ url: `${forge.url}/trunk`, auth, timeoutMs });
    expect(found).toEqual({ kind: "found", branch: "trunk/one", commit: other.head });
  });

  it("finds the named branch and not one whose name only starts the same", async () => {
    const many = makeOrigin(root, "many", { "a.txt": "a\n" });
    for (const name of ["a", "b", "c", "d", "e", "f-longer"]) git(many.bare, ["branch", name]);
    const url = `${forge.url}/many`;
    expect(await inspectRemote({ url, auth, branch: "f-longer", timeoutMs })).toMatchObject({ kind: "found" });
    const missing = await inspectRemote({ url, auth, branch: "f", timeoutMs });
    expect(missing).toEqual({ kind: "branch_missing", message: expect.stringContaining('has no branch "f"') });
    expect(missing).toMatchObject({ message: expect.stringContaining("a, b, c, d, e and 2 more") });
  });

  it("asks for a branch when HEAD is detached and could be several", async () => {
    const loose = makeOrigin(root, "loose", { "a.txt": "a\n" });
    git(loose.bare, ["branch", "-m", "main", "one"]);
    git(loose.bare, ["branch", "two"]);
    git(loose.bare, ["update-ref", "--no-deref", "HEAD", loose.head]);
    const found = await inspectRemote({ url: `${forge.url}/loose`, auth, timeoutMs });
    expect(found).toEqual({ kind: "branch_missing", message: expect.stringContaining("one, two") });
  });

  it.each(["HEAD", "a b", "../x"])("says why %s cannot be a branch, without asking the server", async (branch) => {
    const found = await inspectRemote({ url: "http://127.0.0.1:1/x", branch, timeoutMs });
    expect(found).toEqual({ kind: "branch_missing", message: expect.stringContaining("cannot be a branch") });
  });

  it("says that a repository has no commits", async () => {
    const message = expect.stringContaining("no commits yet");
    expect(await inspectRemote({ url: `${forge.url}/empty`, auth, timeoutMs })).toEqual({ kind: "empty", message });
    expect(await inspectRemote({ url: `${forge.url}/empty`, auth, branch: "main", timeoutMs })).toEqual({
      kind: "empty",
      message,
    });
  });

  it("names both possibilities when a repository is missing", async () => {
    const found = await inspectRemote({ url: `${forge.url}/nothing`, auth, timeoutMs });
    expect(found).toEqual({
      kind: "not_found",
      message: expect.stringMatching(/nothing\. .*name is wrong.*token may not see/),
    });
  });

  it("names both possibilities when there is no token", async () => {
    const found = await inspectRemote({ url: `${forge.url}/shop`, timeoutMs });
    expect(found).toEqual({
      kind: "auth_refused",
      message: expect.stringMatching(/asks for a token.*private.*name is wrong/),
    });
  });

  it("says that a token was refused, asks once only, and does not repeat the token", async () => {
    let asked = 0;
    const strict = await startForge(root, {
      authorize: () => {
        asked++;
        return false;
      },
    });
    const found = await inspectRemote({ url: `${strict.url}/shop`, auth, timeoutMs });
    expect(found).toEqual({ kind: "auth_refused", message: expect.stringContaining("create a token") });
    expect(JSON.stringify(found)).not.toContain(token);
    expect(asked).toBe(2);
  });

  it("calls a closed port unreachable", async () => {
    const { url, server } = await startPlainServer(undefined);
    await new Promise((closed) => server.close(closed));
    const found = await inspectRemote({ url: `${url}/shop`, timeoutMs });
    expect(found).toEqual({
      kind: "unreachable",
      message: expect.stringMatching(/Could not reach .*\/shop.*ECONNREFUSED/),
    });
  });

  it("gives up on a server that never answers", async () => {
    const { url } = await startPlainServer(() => undefined);
    const found = await inspectRemote({ url: `${url}/shop`, timeoutMs: 150 });
    expect(found).toEqual({ kind: "unreachable", message: expect.stringMatching(/silent|too long/) });
  });

  it("gives up on a server that answers one byte at a time for ever", async () => {
    const { url } = await startPlainServer((_request, response) => {
      const drip = setInterval(() => response.write("0"), 10);
      response.once("close", () => clearInterval(drip));
    });
    const found = await inspectRemote({ url: `${url}/shop`, timeoutMs: 200 });
    expect(found).toEqual({ kind: "unreachable", message: expect.stringContaining("too long") });
  });

  it("stops when the caller calls it off", async () => {
    const stop = new AbortController();
    const { url } = await startPlainServer(() => stop.abort());
    const found = await inspectRemote({ url: `${url}/shop`, timeoutMs, signal: stop.signal });
    expect(found).toMatchObject({ kind: "unreachable", message: expect.stringContaining("called off") });
  });

  it("does not take a web page, or half a list of branches, for a repository", async () => {
    const page = await startPlainServer((_request, response) => response.end("<html>Sign in</html>"));
    expect(await inspectRemote({ url: `${page.url}/shop`, timeoutMs })).toMatchObject({ kind: "not_git" });
    const half = await startPlainServer((_request, response) => {
      response.setHeader("content-type", "application/x-git-upload-pack-advertisement");
      response.end(`001e# service=git-upload-pack\n0000003d${"a".repeat(40)} refs/heads/one\0 x`);
    });
    expect(await inspectRemote({ url: `${half.url}/shop`, timeoutMs })).toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining("cut short"),
    });
  });

  it.each([500, 429, 503])("calls HTTP %i unreachable, not missing", async (status) => {
    const { url } = await startPlainServer((_request, response) => response.writeHead(status).end());
    expect(await inspectRemote({ url: `${url}/shop`, timeoutMs })).toMatchObject({ kind: "unreachable" });
  });

  it("stops reading an answer that is too large", async () => {
    const { url } = await startPlainServer((_request, response) => {
      const more = () => {
        while (response.write("x".repeat(1024 * 1024)));
      };
      response.on("drain", more);
      more();
    });
    const found = await inspectRemote({ url: `${url}/shop`, timeoutMs });
    expect(found).toMatchObject({ kind: "too_large", message: expect.stringContaining("larger than") });
  });

  it("follows a redirect on the same host, and carries the token to no other", async () => {
    const heard: (string | undefined)[] = [];
    const thief = await startPlainServer((request, response) => {
      heard.push(request.headers.authorization ?? "nothing");
      response.end();
    });
    const away = await startPlainServer((request, response) => {
      if (!request.headers.authorization) return response.writeHead(401).end();
      return response.writeHead(302, { location: `${thief.url}${request.url}` }).end();
    });
    const found = await inspectRemote({ url: `${away.url}/shop`, auth, timeoutMs });
    expect(found).toMatchObject({ kind: "unreachable", message: expect.stringContaining(`${thief.url}/shop`) });
    expect(heard).toEqual([]);

    const renamed = await startPlainServer((request, response) => {
      if (request.url?.startsWith("/old")) return response.writeHead(301, { location: `/new${request.url}` }).end();
      return response.writeHead(404).end();
    });
    expect(await inspectRemote({ url: `${renamed.url}/old`, timeoutMs })).toMatchObject({ kind: "not_found" });
    const loop = await startPlainServer((request, response) =>
      response.writeHead(301, { location: request.url }).end(),
    );
    expect(await inspectRemote({ url: `${loop.url}/x`, timeoutMs })).toMatchObject({ kind: "unreachable" });
  });

  it.each([
    "/srv/git/x",
    "ssh://git@host/x",
    "https://u:p@host/x",
  ])("%s must be taken apart before it gets here", async (url) => {
    await expect(inspectRemote({ url, timeoutMs })).rejects.toThrow();
  });
});

describe("reading a branch back", () => {
  it("tells at, absent and refused apart", async () => {
    const url = `${forge.url}/shop`;
    writeFiles(origin.work, { "b.txt": "b\n" });
    const tip = commitAndPush(origin, "More", "feature/one");
    expect(await readRemoteBranch({ url, auth, branch: "feature/one" })).toEqual({ kind: "at", commit: tip });
    expect(await readRemoteBranch({ url, auth, branch: "feature" })).toEqual({ kind: "absent" });
    expect(await readRemoteBranch({ url, branch: "feature/one" })).toMatchObject({ kind: "refused" });
    const missing = await readRemoteBranch({ url: `${forge.url}/nothing`, auth, branch: "main" });
    expect(missing).toMatchObject({ kind: "refused", message: expect.stringContaining("no repository") });
  });

  it("a server that breaks off its list leaves the branch unknown, never absent", async () => {
    const { url } = await startPlainServer((request, response) => {
      const kind = request.method === "GET" ? "advertisement" : "result";
      response.setHeader("content-type", `application/x-git-upload-pack-${kind}`);
      const hello = "001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000";
      response.end(request.method === "GET" ? hello : `003f${"a".repeat(40)} refs/heads/feat`);
    });
    expect(await readRemoteBranch({ url: `${url}/shop`, branch: "feature" })).toMatchObject({ kind: "unknown" });
  });

  it("an error that the server says in git's words leaves the branch unknown too", async () => {
    const { url } = await startPlainServer((request, response) => {
      const kind = request.method === "GET" ? "advertisement" : "result";
      response.setHeader("content-type", `application/x-git-upload-pack-${kind}`);
      const hello = "001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000";
      response.end(request.method === "GET" ? hello : "0013ERR disk is full");
    });
    const answer = await readRemoteBranch({ url: `${url}/shop`, branch: "feature" });
    expect(answer).toEqual({ kind: "unknown", message: expect.stringContaining("disk is full") });
  });
});
