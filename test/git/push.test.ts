import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cloneRepository } from "../../functions/git/clone.ts";
import { commitChanges } from "../../functions/git/commit-changes.ts";
import { deleteRemoteBranch } from "../../functions/git/delete-branch.ts";
import type { Repository } from "../../functions/git/objects.ts";
import { type PushRequest, pushCommit } from "../../functions/git/push.ts";
import { readRemoteBranch } from "../../functions/git/remote.ts";
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
let forge: Endpoint;
let origin: Origin;
let repository: Repository;
let names = 0;
/** Runs before the server answers a push, after the client has looked at the branches. */
let beforePush: () => void = () => undefined;

beforeAll(async () => {
  forge = await startForge(root, {
    authorize: (_user, password, { service }) => {
      if (password === token && service === "git-receive-pack" && ++receives === 2) beforePush();
      return password === token;
    },
  });
  origin = makeOrigin(root, "shop", { "README.md": "# Shop\n", "src/a.ts": "a\n", "src/deep/b.ts": "b\n" });
  repository = await cloneRepository({ dir: join(root, "clone"), url: `${forge.url}/shop`, auth, branch: "main" });
});

/** Counts the authorised requests of one push: the first looks, the second pushes. */
let receives = 0;

function commit(path: string, content: string, parent = repository.baseCommit): Promise<string> {
  const author = { name: "A", email: "a@b.test" };
  const changed = [{ path, mode: "100644" as const, content: Buffer.from(content) }];
  return commitChanges(repository, { parent, changed, deleted: [], message: `Change ${path}`, author, timestamp: 1 });
}

function push(request: Pick<PushRequest, "commit"> & Partial<PushRequest>) {
  receives = 0;
  const branch = `drover/task-${++names}`;
  return pushCommit({ repository, url: `${forge.url}/shop`, auth, expect: "absent", branch, ...request });
}

function at(branch: string): string {
  return git(origin.bare, ["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]).trim();
}

describe("a push", () => {
  it("makes a new branch at the commit, whole and sound", async () => {
    const id = await commit("src/new.ts", "new\n");
    expect(await push({ commit: id, branch: "drover/first" })).toEqual({ kind: "pushed" });
    expect(at("drover/first")).toBe(id);
    git(origin.bare, ["fsck", "--full", "--strict"]);
    expect(git(origin.bare, ["log", "--format=%s", "drover/first"]).trim()).toBe("Change src/new.ts\nStart");
    expect(git(origin.bare, ["diff", "--name-status", "main", "drover/first"]).trim()).toBe("A\tsrc/new.ts");
    const back = await readRemoteBranch({ url: `${forge.url}/shop`, auth, branch: "drover/first" });
    expect(back).toEqual({ kind: "at", commit: id });
  });

  it("sends several commits of ours at once", async () => {
    const first = await commit("src/one.ts", "1\n");
    const second = await commit("src/deep/two.ts", "2\n", first);
    expect(await push({ commit: second, branch: "drover/several" })).toEqual({ kind: "pushed" });
    expect(git(origin.bare, ["rev-list", "--count", "main..drover/several"]).trim()).toBe("2");
    git(origin.bare, ["fsck", "--full", "--strict"]);
  });

  it("may be repeated after its answer was lost", async () => {
    const id = await commit("again", "x\n");
    expect(await push({ commit: id, branch: "drover/again" })).toEqual({ kind: "pushed" });
    expect(await push({ commit: id, branch: "drover/again" })).toEqual({ kind: "pushed" });
  });

  it("can put the base itself on a new branch", async () => {
    expect(await push({ commit: repository.baseCommit, branch: "drover/base" })).toEqual({ kind: "pushed" });
    expect(at("drover/base")).toBe(repository.baseCommit);
  });

  it("sends only what is new, also when the remote's branch has moved on", async () => {
    const busy = makeOrigin(
      root,
      "busy",
      Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, `${n}\n`])),
    );
    const clone = await cloneRepository({ dir: join(root, "busy"), url: `${forge.url}/busy`, auth, branch: "main" });
    writeFiles(busy.work, { f1: "moved on\n" });
    commitAndPush(busy, "Move on");
    const author = { name: "A", email: "a@b.test" };
    const changed = [{ path: "mine", mode: "100644" as const, content: Buffer.from("mine\n") }];
    const request = { parent: clone.baseCommit, changed, deleted: [], message: "Mine", author, timestamp: 1 };
    const id = await commitChanges(clone, request);
    git(busy.bare, ["config", "receive.unpackLimit", "1"]);
    expect(await push({ repository: clone, commit: id, url: `${forge.url}/busy`, branch: "mine" })).toEqual({
      kind: "pushed",
    });
    // Every push above the limit stays the pack it came as: a commit, a tree and a blob.
    expect(git(busy.bare, ["count-objects", "-v"])).toContain("in-pack: 3\n");
    git(busy.bare, ["fsck", "--full", "--strict"]);
  });

  it("never touches a branch that exists", async () => {
    const id = await commit("mine", "mine\n");
    git(origin.bare, ["branch", "taken", origin.head]);
    expect(await push({ commit: id, branch: "taken" })).toEqual({ kind: "branch_exists", at: origin.head });
    expect(at("taken")).toBe(origin.head);
  });

  it("loses to whoever makes the branch between our look and our push", async () => {
    const id = await commit("mine2", "mine\n");
    beforePush = () => git(origin.bare, ["branch", "raced", origin.head]);
    expect(await push({ commit: id, branch: "raced" })).toEqual({ kind: "branch_exists", at: origin.head });
    beforePush = () => undefined;
    expect(at("raced")).toBe(origin.head);
  });

  it("moves a branch only from the commit that was expected, even backwards", async () => {
    const first = await commit("one", "1\n");
    const other = await commit("other", "2\n");
    await push({ commit: first, branch: "moving" });
    const wrong = await push({ commit: other, branch: "moving", expect: { commit: origin.head } });
    expect(wrong).toEqual({ kind: "branch_exists", at: first });
    expect(at("moving")).toBe(first);
    expect(await push({ commit: other, branch: "moving", expect: { commit: first } })).toEqual({ kind: "pushed" });
    expect(at("moving")).toBe(other);
  });

  it("does not overwrite what comes between look and push, even when it may move the branch", async () => {
    const first = await commit("r1", "1\n");
    const second = await commit("r2", "2\n");
    await push({ commit: first, branch: "moved" });
    beforePush = () => git(origin.bare, ["update-ref", "refs/heads/moved", origin.head]);
    const outcome = await push({ commit: second, branch: "moved", expect: { commit: first } });
    beforePush = () => undefined;
    expect(outcome).toEqual({ kind: "branch_exists", at: origin.head });
    expect(at("moved")).toBe(origin.head);
  });

  it("does not bring back a branch that somebody removed", async () => {
    const id = await commit("gone", "x\n");
    const outcome = await push({ commit: id, branch: "removed", expect: { commit: origin.head } });
    expect(outcome).toMatchObject({
      kind: "rejected",
      reason: "not_fast_forward",
      message: expect.stringContaining("is gone"),
    });
    expect(at("removed")).toBe("");
  });

  it("tells a server that forbids rewriting apart from other refusals", async () => {
    const strict = makeOrigin(root, "strict", { a: "a\n" });
    git(strict.bare, ["config", "receive.denyNonFastForwards", "true"]);
    const url = `${forge.url}/strict`;
    const clone = await cloneRepository({ dir: join(root, "strict"), url, auth, branch: "main" });
    const author = { name: "A", email: "a@b.test" };
    const make = (path: string) => {
      const changed = [{ path, mode: "100644" as const, content: Buffer.from(path) }];
      return commitChanges(clone, {
        parent: clone.baseCommit,
        changed,
        deleted: [],
        message: path,
        author,
        timestamp: 1,
      });
    };
    const [first, second] = [await make("one"), await make("two")];
    await push({ repository: clone, url, commit: first, branch: "b" });
    const outcome = await push({ repository: clone, url, commit: second, branch: "b", expect: { commit: first } });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "not_fast_forward" });
  });

  it("passes on what a hook of the server says, without its control characters", async () => {
    const guarded = makeOrigin(root, "guarded", { a: "a\n" });
    const hook = join(guarded.bare, "hooks/pre-receive");
    writeFileSync(hook, "#!/bin/sh\nprintf '\\033[31mNo pushes on Fridays\\033[0m\\007\\n' >&2\nexit 1\n");
    chmodSync(hook, 0o755);
    const url = `${forge.url}/guarded`;
    const clone = await cloneRepository({ dir: join(root, "guarded"), url, auth, branch: "main" });
    const outcome = await push({ repository: clone, url, commit: clone.baseCommit, branch: "b" });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "refused_by_server" });
    const { message } = outcome as { message: string };
    expect(message).toMatch(/refs\/heads\/b: pre-receive hook declined\nNo pushes on Fridays$/);
  });

  it("is refused for a base that the remote no longer has", async () => {
    const lost = makeOrigin(root, "lost", { a: "a\n" });
    const id = await commit("lost", "x\n");
    const outcome = await push({ url: `${forge.url}/lost`, commit: id });
    expect(outcome).toMatchObject({ kind: "rejected", reason: "refused_by_server" });
    expect(git(lost.bare, ["branch", "--format=%(refname:short)"]).trim()).toBe("main");
  });

  it.each([
    ["no token", undefined],
    ["a wrong token", { username: "x", password: "wrong" }],
  ])("with %s is refused, and says what to do", async (_name, wrong) => {
    const outcome = await push({ commit: repository.baseCommit, auth: wrong });
    expect(outcome).toEqual({ kind: "auth_refused", message: expect.stringMatching(/token/) });
  });

  it("with a token that may read but not write is refused", async () => {
    const reader = await startForge(root, {
      authorize: (_user, _password, { service }) => service === "git-upload-pack",
    });
    const outcome = await push({ commit: repository.baseCommit, url: `${reader.url}/shop` });
    expect(outcome).toMatchObject({ kind: "auth_refused" });
  });

  it("whose answer is lost says unreachable, and the branch can be read back", async () => {
    const id = await commit("dropped", "x\n");
    // Lets the push through, and cuts the line before the answer.
    const proxy = createServer(async (request, response) => {
      const body: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) body.push(chunk);
      const answer = await fetch(`${forge.url}${request.url}`, {
        method: request.method ?? "GET",
        headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] => {
          return ["authorization", "content-type", "git-protocol"].includes(name) ? [[name, String(value)]] : [];
        }),
        ...(body.length > 0 ? { body: Buffer.concat(body) } : {}),
      });
      const text = Buffer.from(await answer.arrayBuffer());
      if (request.method === "POST" && request.url?.endsWith("git-receive-pack")) return response.destroy();
      const type = answer.headers.get("content-type") ?? "";
      const challenge = answer.headers.get("www-authenticate");
      return response
        .writeHead(answer.status, { "content-type": type, ...(challenge ? { "www-authenticate": challenge } : {}) })
        .end(text);
    });
    await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
    afterAll(() => proxy.close());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/shop`;
    expect(await push({ commit: id, branch: "dropped", url })).toMatchObject({ kind: "unreachable" });
    expect(await readRemoteBranch({ url, auth, branch: "dropped" })).toEqual({ kind: "at", commit: id });
  });

  it("to a bad branch name is a mistake of the caller", async () => {
    await expect(push({ commit: origin.head, branch: "../main" })).rejects.toThrow("cannot be a branch");
  });
});

describe("taking a branch back", () => {
  const remove = (branch: string, id: string) => {
    receives = 0;
    return deleteRemoteBranch({ url: `${forge.url}/shop`, auth, branch, commit: id });
  };

  it("deletes it while it points at our commit, and only then", async () => {
    const id = await commit("unwanted", "x\n");
    await push({ commit: id, branch: "unwanted" });
    expect(await remove("unwanted", origin.head)).toEqual({ kind: "moved", at: id });
    expect(at("unwanted")).toBe(id);
    expect(await remove("unwanted", id)).toEqual({ kind: "deleted" });
    expect(at("unwanted")).toBe("");
    expect(await remove("unwanted", id)).toEqual({ kind: "absent" });
    expect(await deleteRemoteBranch({ url: `${forge.url}/shop`, branch: "x", commit: id })).toMatchObject({
      kind: "unknown",
    });
  });

  it("leaves it to whoever moves it between our look and our deletion", async () => {
    const id = await commit("unwanted2", "x\n");
    await push({ commit: id, branch: "wanted" });
    beforePush = () => git(origin.bare, ["update-ref", "refs/heads/wanted", origin.head]);
    expect(await remove("wanted", id)).toMatchObject({ kind: "refused" });
    beforePush = () => undefined;
    expect(at("wanted")).toBe(origin.head);
  });
});
