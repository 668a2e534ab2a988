import { beforeEach, describe, expect, it } from "vitest";
import type { ForgeRepository, NewPullRequest } from "../../functions/core/pull-requests.ts";
import { openForges } from "../../functions/forge/forges.ts";
import { type TestForge, useForge } from "../support/forge.ts";

const token = "tok_canary_8d11c3";
const forges = { github: useForge("github", token), gitea: useForge("gitea", token) };
const head = "drover/tsk_1";

beforeEach(() => {
  for (const forge of Object.values(forges)) {
    forge.reset();
    forge.hasBranch = (name) => ["main", "other", head].includes(name);
  }
});

function open(
  forge: TestForge,
  change: Partial<NewPullRequest> = {},
  over: Partial<ForgeRepository> = {},
  secret = token,
) {
  const repository: ForgeRepository = { kind: forge.kind, apiUrl: forge.apiUrl, owner: "acme", name: "shop", ...over };
  const wish = { base: "main", head, title: "Mend it", body: "The body\n", draft: false, ...change };
  return openForges().openPullRequest(repository, secret, wish);
}

const kinds = ["github", "gitea"] as const;

describe.each(kinds)("on %s a pull request", (kind) => {
  const forge = forges[kind];

  it("is opened with title, body, base and head", async () => {
    const opened = await open(forge);
    expect(opened).toEqual({ kind: "open", url: "https://forge.test/acme/shop/pulls/1", number: 1, reused: false });
    expect(forge.pulls).toMatchObject([{ title: "Mend it", body: "The body\n", base: "main", head, draft: false }]);
  });

  it("is a draft when that was asked for", async () => {
    await open(forge, { draft: true });
    expect(forge.pulls).toMatchObject([{ draft: true }]);
  });

  it("that is open from the same branch is found, and not opened twice", async () => {
    await open(forge);
    expect(await open(forge, { title: "Again" })).toMatchObject({ kind: "open", number: 1, reused: true });
    expect(forge.pulls).toHaveLength(1);
  });

  it("is found after its answer was lost", async () => {
    forge.loseNextAnswer();
    expect(await open(forge)).toMatchObject({ kind: "later", why: expect.stringContaining("could not be reached") });
    expect(await open(forge)).toMatchObject({ kind: "open", number: 1, reused: true });
    expect(forge.pulls).toHaveLength(1);
  });

  it("that was closed does not count as open, nor does one into another branch", async () => {
    await open(forge);
    const [first] = forge.pulls;
    if (first) first.state = "closed";
    await open(forge, { base: "other" });
    expect(await open(forge)).toMatchObject({ kind: "open", number: 3, reused: false });
  });

  it.each<[string, number, Record<string, string>, unknown, object]>([
    [
      "needs other rights",
      403,
      {},
      { message: "Resource not accessible" },
      { kind: "refused", why: expect.stringMatching(/right to write pull requests.*Resource not accessible/) },
    ],
    [
      "meets a wrong token",
      401,
      {},
      { message: "Bad credentials" },
      { kind: "refused", why: expect.stringContaining("Set the credential again") },
    ],
    [
      "meets a hidden repository",
      404,
      {},
      undefined,
      { kind: "refused", why: expect.stringContaining("no such repository") },
    ],
    [
      "meets a renamed repository",
      301,
      { location: "https://elsewhere.test/" },
      { message: "Moved" },
      { kind: "refused", why: expect.stringContaining("its new address") },
    ],
    ["must wait some seconds", 429, { "retry-after": "7" }, undefined, { kind: "later", afterMs: 7_000 }],
    [
      "must wait, said with 403",
      403,
      { "retry-after": "60" },
      { message: "secondary rate limit" },
      { kind: "later", afterMs: 60_000 },
    ],
    ["meets a broken forge", 502, {}, { message: "down" }, { kind: "later", why: expect.stringContaining("502") }],
    ["gets an answer without sense", 200, {}, { hello: 1 }, { kind: "refused" }],
  ])("that %s says so", async (_name, status, headers, body, expected) => {
    const answer = { status, headers, ...(body === undefined ? {} : { body }) };
    forge.answer("GET", answer);
    forge.answer("POST", answer);
    expect(await open(forge)).toMatchObject(expected);
  });

  it("waits until the hour of a used up limit is over", async () => {
    const reset = Math.floor(Date.now() / 1000) + 1_800;
    const answer = { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) } };
    forge.answer("GET", answer);
    forge.answer("POST", answer);
    const outcome = await open(forge);
    expect(outcome).toMatchObject({ kind: "later" });
    const { afterMs = 0 } = outcome as { afterMs?: number };
    expect(Math.abs(afterMs - 1_800_000)).toBeLessThan(30_000);
  });

  it("that cannot be says why in the forge's words", async () => {
    const outcome = await open(forge, { base: "gone" });
    expect(outcome).toMatchObject({ kind: "refused", why: expect.stringMatching(/forge/i) });
    expect(forge.pulls).toEqual([]);
  });

  it("goes nowhere when nobody listens", async () => {
    expect(await open(forge, {}, { apiUrl: "http://127.0.0.1:9" })).toMatchObject({ kind: "later" });
  });

  it("never has the token in what is said of it, even if the forge repeats it", async () => {
    const body = { message: `you sent ${token}`, errors: [{ message: `really ${token}` }] };
    const outcomes = [];
    for (const status of [400, 403, 422, 500]) {
      forge.answer("GET", { status, body }, { status, body });
      forge.answer("POST", { status, body });
      outcomes.push(await open(forge));
    }
    expect(JSON.stringify(outcomes)).not.toContain(token);
    for (const { path, query } of forge.asked) expect(`${path}?${query}`).not.toContain(token);
  });

  it("is not taken from a forge that would have people follow something else than a web address", async () => {
    const bad = {
      number: 1,
      html_url: "javascript:alert(1)",
      head: { ref: head, repo_id: 1 },
      base: { ref: "main", repo_id: 1 },
    };
    forge.answer("GET", { status: 200, body: [] });
    forge.answer("POST", { status: 201, body: bad });
    expect(await open(forge)).toMatchObject({ kind: "refused" });
  });
});

it("a forge's endless answer is cut off, and tried again later", async () => {
  forges.github.answer("GET", { status: 200, body: "x".repeat(5 * 1024 * 1024) });
  expect(await open(forges.github)).toMatchObject({ kind: "later", why: expect.stringContaining("larger than") });
});

it("on Gitea a pull request is found behind many others", async () => {
  await open(forges.gitea);
  for (let number = 2; number <= 120; number += 1) {
    forges.gitea.pulls.push({
      number,
      title: "t",
      body: "",
      base: "main",
      head: `other-${number}`,
      draft: false,
      state: "open",
    });
  }
  expect(await open(forges.gitea)).toMatchObject({ kind: "open", number: 1, reused: true });
});
