import { describe, expect, it } from "vitest";
import { nothingSpent } from "../../functions/core/budget.ts";
import { describePullRequest, type PullRequestFacts } from "../../functions/core/describe-pull-request.ts";
import { afterPullRequestTry, chooseForge } from "../../functions/core/pull-requests.ts";
import { makeTask } from "../support/make-task.ts";

describe("the forge of a repository", () => {
  const plain = {};
  const gitea = { forge: { kind: "gitea" as const } };
  const github = { forge: { kind: "github" as const } };

  it.each<[string, string, object, string, string]>([
    ["GitHub by its host", "https://github.com/acme/shop", plain, "github", "https://api.github.com"],
    ["GitHub with .git", "https://github.com/acme/shop.git", plain, "github", "https://api.github.com"],
    ["GitHub in a company", "https://git.acme.test/acme/shop", github, "github", "https://git.acme.test/api/v3"],
    [
      "Gitea by the credential",
      "https://git.acme.test:3000/acme/shop.git",
      gitea,
      "gitea",
      "https://git.acme.test:3000/api/v1",
    ],
    [
      "Gitea below a path",
      "https://acme.test/git/acme/shop",
      { forge: { kind: "gitea", apiUrl: "https://acme.test/git/api/v1/" } },
      "gitea",
      "https://acme.test/git/api/v1",
    ],
    ["a forge in a private network", "https://10.1.2.3/acme/shop", gitea, "gitea", "https://10.1.2.3/api/v1"],
  ])("is %s", (_name, url, credential, kind, apiUrl) => {
    expect(chooseForge(url, credential, false)).toEqual({
      kind: "found",
      repository: { kind, apiUrl, owner: "acme", name: "shop" },
    });
  });

  it.each<[string, string, object | undefined, boolean, RegExp]>([
    ["without a credential", "https://github.com/acme/shop", undefined, false, /needs a credential/],
    [
      "on a host that nobody named",
      "https://git.acme.test/acme/shop",
      plain,
      false,
      /nobody said which forge git.acme.test is/,
    ],
    ["without an owner", "https://github.com/shop", plain, false, /owner and a name/],
    [
      "with an API over http",
      "https://a.test/acme/shop",
      { forge: { kind: "gitea", apiUrl: "http://a.test/api/v1" } },
      true,
      /only https/,
    ],
    [
      "with an API that is drover's own machine",
      "https://a.test/acme/shop",
      { forge: { kind: "gitea", apiUrl: "https://127.0.0.1/api" } },
      false,
      /back to drover/,
    ],
    [
      "with an API by the machine's name",
      "https://a.test/acme/shop",
      { forge: { kind: "gitea", apiUrl: "http://localhost:1/api" } },
      false,
      /back to drover/,
    ],
    [
      "with the metadata of a cloud as its API",
      "https://a.test/acme/shop",
      { forge: { kind: "gitea", apiUrl: "https://169.254.169.254/" } },
      false,
      /no forge has such an address/,
    ],
    [
      "with a secret in its API",
      "https://a.test/acme/shop",
      { forge: { kind: "gitea", apiUrl: "https://u:p@a.test/api" } },
      false,
      /more than a host/,
    ],
  ])("is unknown %s", (_name, url, credential, allowLoopback, why) => {
    expect(chooseForge(url, credential, allowLoopback)).toEqual({ kind: "none", why: expect.stringMatching(why) });
  });

  it("may be on the same machine only where drover is on the user's", () => {
    expect(chooseForge("http://127.0.0.1:3000/acme/shop", gitea, true)).toMatchObject({
      repository: { apiUrl: "http://127.0.0.1:3000/api/v1" },
    });
    expect(chooseForge("http://127.0.0.1:3000/acme/shop", gitea, false)).toMatchObject({ kind: "none" });
  });
});

describe("what follows a try to open a pull request", () => {
  const backoffMs = [1_000, 60_000];
  const next = (outcome: Parameters<typeof afterPullRequestTry>[0], tries: number, random = 0) =>
    afterPullRequestTry(outcome, { tries, now: 100_000, random }, backoffMs);

  it("is the end when it is open or refused", () => {
    const opened = { url: "https://f.test/1", number: 1, reused: false };
    expect(next({ kind: "open", ...opened }, 1)).toEqual({ type: "pull_request_opened", ...opened });
    expect(next({ kind: "refused", why: "no" }, 1)).toEqual({ type: "pull_request_failed", why: "no", tries: 1 });
  });

  it("is another try, later each time and never at the same moment as others", () => {
    expect(next({ kind: "later", why: "x" }, 1)).toMatchObject({
      type: "pull_request_delayed",
      tries: 1,
      notBefore: 100_500,
    });
    expect(next({ kind: "later", why: "x" }, 2, 0.999)).toMatchObject({ tries: 2, notBefore: 159_970 });
  });

  it("is not before the moment that the forge named, unless that is days away", () => {
    expect(next({ kind: "later", why: "x", afterMs: 30_000 }, 1)).toMatchObject({ notBefore: 130_000 });
    expect(next({ kind: "later", why: "x", afterMs: 1e12 }, 1)).toMatchObject({ notBefore: 100_000 + 86_400_000 });
  });

  it("is the end when all tries are used", () => {
    expect(next({ kind: "later", why: "down" }, 3)).toEqual({ type: "pull_request_failed", why: "down", tries: 3 });
  });
});

describe("what a pull request says", () => {
  const facts = (
    over: Partial<PullRequestFacts["spec"]> = {},
    more: Partial<PullRequestFacts> = {},
  ): PullRequestFacts => ({
    task: makeTask({ status: "completed", title: "Mend the clock", attempt: 2 }),
    spec: {
      prompt: "Mend the clock.\nIt is late.",
      agent: { kind: "command", command: ["node", "mend.mjs"] },
      gates: { profile: "standard", gates: ["lint", "tests"], chosenBy: "request" },
      ...over,
    },
    attempts: [],
    ...more,
  });

  it("is the task, what was asked, how the gates went, who worked and what it cost", () => {
    const spend = { ...nothingSpent, inputTokens: 1_000, outputTokens: 234, microDollars: 420_000 };
    const attempts = [
      { attempt: 1, state: "failed" as const },
      {
        attempt: 2,
        state: "completed" as const,
        beat: { seq: 1, step: "s", stepStartedAt: 1, output: "", outputLength: 0, spend },
      },
    ];
    const { title, body } = describePullRequest(
      facts({}, { attempts, verdicts: { lint: "passed", tests: "passed" } }),
      {},
    );
    expect(title).toBe("Mend the clock");
    expect(body).toBe(
      [
        `drover made this of task \`${facts().task.taskId}\`:`,
        "```text\nMend the clock.\nIt is late.\n```",
        "| gate | outcome |\n| --- | --- |\n| `lint` | `passed` |\n| `tests` | `passed` |",
        "- Agent: the command `node mend.mjs`\n- Attempt 2; before it: 1 failed\n- Cost: $0.42, 1234 tokens\n",
      ].join("\n\n"),
    );
  });

  it("shows first what nobody should overlook", () => {
    const yolo = facts({ yolo: { reason: "in a hurry" }, allowConfigChanges: ["package.json"] });
    const marked = {
      ...yolo,
      task: {
        ...yolo.task,
        unconfined: true as const,
        measuredLimits: ["memory" as const],
        rejections: 2,
        merges: "conflicts" as const,
      },
    };
    const { body } = describePullRequest(marked, {});
    const warnings = body.match(/> \[!WARNING\]\n> .*/g) ?? [];
    expect(warnings).toHaveLength(5);
    expect(body.startsWith("> [!WARNING]\n> YOLO: the gates were skipped (lint, tests), because: `in a hurry`")).toBe(
      true,
    );
    expect(body).toContain("Sent back to the agent 2 times");
    expect(body).not.toContain("| gate |");
  });

  it("has the title that was asked for", () => {
    expect(describePullRequest(facts(), { title: "Another" }).title).toBe("Another");
  });

  it("calls nobody and closes nothing, whatever the prompt says", () => {
    const prompt = "```\n@everyone closes #1\n````\n![x](https://evil.test/pixel)";
    const { body } = describePullRequest(facts({ prompt, yolo: { reason: "`@all` | fixes\n#2" } }), {});
    const withoutCode = body.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "").replace(/`[^`]*`/g, "");
    expect(withoutCode).not.toMatch(/@|#\d|evil/);
  });

  it("is never longer than a forge takes", () => {
    expect(describePullRequest(facts({ prompt: "`".repeat(65_536) }), {}).body.length).toBeLessThan(65_536);
    expect(describePullRequest(facts({ prompt: "🐮".repeat(30_000) }), {}).body.isWellFormed()).toBe(true);
  });
});
