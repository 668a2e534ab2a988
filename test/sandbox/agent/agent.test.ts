import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { defaultBudget, nothingSpent, type Spend } from "../../../functions/core/budget.ts";
import { cloneRepository } from "../../../functions/git/clone.ts";
import { readFiles } from "../../../functions/git/list-tree.ts";
import { openBudget } from "../../../functions/sandbox/agent/budget.ts";
import type { Asking } from "../../../functions/sandbox/agent/call-model.ts";
import {
  type Checkpoint,
  readCheckpoint,
  restoreCheckpoint,
  takeCheckpoint,
  wordResume,
} from "../../../functions/sandbox/agent/checkpoint.ts";
import { openModelClient } from "../../../functions/sandbox/agent/client.ts";
import { openConversation } from "../../../functions/sandbox/agent/conversation.ts";
import { buildInstructions } from "../../../functions/sandbox/agent/instructions/build.ts";
import { readGuides } from "../../../functions/sandbox/agent/read-guides.ts";
import { reviewWork } from "../../../functions/sandbox/agent/review.ts";
import { openToolbox } from "../../../functions/sandbox/agent/tools/all.ts";
import { openTranscript } from "../../../functions/sandbox/agent/transcript.ts";
import { auth, makeOrigin, makeTempDir, startForge } from "../../git/native-git.ts";
import { type MessagesApi, type Script, startMessagesApi, type Turn } from "../../support/messages-api.ts";
import { startRunner } from "../harness.ts";
import { modelNamed, said } from "./stage.ts";

const root = makeTempDir();
let count = 0;
const test = 'import assert from "node:assert";\nimport { tax } from "./tax.js";\nassert.equal(tax(100), 20);\n';

const editor = (input: object) => ({ name: "str_replace_based_edit_tool", input });
const bash = (command: string) => ({ name: "bash", input: { command } });

async function openShop() {
  count += 1;
  const name = `shop-${count}`;
  makeOrigin(root, name, {
    "AGENTS.md": "Percentages are integers.\n",
    ".drover/skills/taxes.md": "Taxes are rounded down.\n",
    "package.json": '{"type":"module"}\n',
    "tax.js": "export const tax = (net) => net * 0.19;\n",
  });
  const forge = await startForge(root);
  return { url: `${forge.url}/${name}` };
}

interface Start {
  checkpoint?: Checkpoint;
  spent?: Spend;
}

/** A sandbox with the real runner and a clone, and an agent in front of the scripted model. */
async function startAgent(shop: { url: string }, script: Script, { checkpoint, spent = nothingSpent }: Start = {}) {
  count += 1;
  const api = await startMessagesApi(script);
  onTestFinished(() => api.close());
  const gitDir = join(root, `clone-${count}`);
  const repository = await cloneRepository({ dir: gitDir, url: shop.url, auth, branch: "main" });
  const { sandbox, workspace, root: disk, runner } = await startRunner();
  await sandbox.unpack(readFiles(repository, repository.baseCommit));
  const guides = await readGuides(repository, ["taxes"]);
  if (guides.kind === "failed") throw new Error(guides.failure.message);
  const resume = checkpoint && wordResume(checkpoint, await restoreCheckpoint(sandbox, repository, checkpoint));
  const bash = { env: { TMPDIR: disk } };
  const {
    root: place,
    tools,
    notes,
  } = await openToolbox({
    workspace: sandbox,
    repository: () => repository,
    bash,
    earlierNotes: checkpoint?.notes,
  });
  const client = openModelClient({ apiKey: api.key, provider: "anthropic", baseUrl: api.url });
  const saved: Spend[] = [];
  const lines: string[] = [];
  const asking: Asking = {
    client,
    model: modelNamed("claude-sonnet-5-5"),
    budget: openBudget({ limits: defaultBudget, spend: spent, save: async (spend) => void saved.push(spend) }),
    transcript: openTranscript({ redact: client.redact }),
    signal: new AbortController().signal,
    enter: () => undefined,
  };
  const conversation = openConversation({
    ...asking,
    instructions: buildInstructions({ type: "worker", root: place, guides: guides.guides }),
    tools,
    notes,
    inbox: { take: async () => [] },
    log: { note: (text) => void lines.push(text), write: (text) => void lines.push(text) },
    resume,
  });
  const takeNow = () => takeCheckpoint(sandbox, repository, { ...conversation.recap(), unresolved: [] });
  return { api, asking, conversation, takeNow, saved, lines, workspace, disk, gitDir, runner, sandbox };
}

const results = (api: MessagesApi, request: number) => said(api, request, -1).join("\n");

it("an agent does a real task with its tools, is sent back, mends it, and is reviewed by one that saw nothing of that", async () => {
  const turns: Turn[] = [
    {
      text: "I look first.",
      tools: [editor({ command: "view", path: "." }), { name: "search", input: { pattern: "tax" } }],
    },
    {
      tools: [
        { name: "write_notes", input: { text: "1. tax 2. test" } },
        editor({ command: "create", path: "tax.test.js", file_text: test }),
      ],
    },
    { tools: [bash("node tax.test.js")] },
    {
      tools: [
        editor({ command: "str_replace", path: "tax.js", old_str: "net * 0.19", new_str: "(net * 20) / 100" }),
        bash("node tax.test.js && echo passed"),
      ],
    },
    { tools: [{ name: "changes", input: { show: "diff" } }] },
    { text: "The tax is 20 % now." },
    { tools: [bash("printf '# Tax\\n' > README.md")] },
    { text: "There is a README now." },
    {
      text: JSON.stringify({
        findings: [],
        review: { approved: true, confidence: 0.95, reason: "Fine." },
        completion: { approved: true, confidence: 0.95, reason: "Done." },
      }),
    },
  ];
  const { api, asking, conversation, lines, saved, workspace } = await startAgent(await openShop(), turns);
  expect(await conversation.run("Make the tax 20 %.")).toEqual({ kind: "done", summary: "The tax is 20 % now." });
  expect(results(api, 1)).toMatch(/tax\.js[\s\S]*tax\.js:1:export const tax/);
  expect(results(api, 3)).toMatch(/AssertionError[\s\S]*exit code 1/);
  expect(results(api, 4)).toMatch(/Replaced in tax\.js[\s\S]*passed/);
  expect(results(api, 5)).toMatch(/\+export const tax = \(net\) => \(net \* 20\) \/ 100;[\s\S]*tax\.test\.js/);
  const system = JSON.stringify(api.requests[0]?.body.system);
  expect(system).toMatch(/Percentages are integers/);
  expect(system).toMatch(/Taxes are rounded down/);
  expect(await conversation.run("The gate docs failed: README.md is missing.")).toMatchObject({ kind: "done" });
  expect(readFileSync(join(workspace, "README.md"), "utf8")).toBe("# Tax\n");

  const diff = "diff --git a/tax.js b/tax.js";
  const verdict = await reviewWork(
    { ...asking, model: modelNamed("claude-opus-5-5") },
    {
      task: "Make the tax 20 %.",
      diff,
      leftOut: [],
      named: [],
      notes: [],
    },
  );
  expect(verdict).toMatchObject({ review: { approved: true }, completion: { approved: true } });
  expect(JSON.stringify(api.requests.at(-1)?.body)).not.toMatch(/I look first|write_notes/);
  expect(api.requests.at(-1)?.body.model).toBe("claude-opus-5-5");

  expect(asking.budget.spend.turns).toBe(9);
  expect(saved).toHaveLength(9);
  expect(lines.join("\n")).toMatch(/bash command=node tax\.test\.js/);
});

it("the model's key is nowhere where the agent could look, and in nothing that is kept", async () => {
  const look = [
    "env; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -i -e anthropic -e sk-ant",
    "grep -rs -e 'sk-ant' . \"$TMPDIR\" | head; echo looked",
  ];
  const { api, asking, conversation, takeNow, disk, gitDir, lines, runner } = await startAgent(await openShop(), [
    { tools: look.map(bash) },
    { text: "Nothing." },
  ]);
  expect(await conversation.run("Find the key.")).toMatchObject({ kind: "done" });
  const { key } = api;
  // Positive control: it is what the requests are made with.
  expect(api.requests[1]?.headers.authorization).toContain(key);
  expect(results(api, 1)).toMatch(/looked/);
  expect(JSON.stringify(api.requests.map(({ body }) => body))).not.toContain(key);
  expect(asking.transcript.read().toString()).not.toContain(key);
  expect((await takeNow()).toString()).not.toContain(key);
  expect(lines.join("\n")).not.toContain(key);
  expect(readFileSync(`/proc/${runner.pid}/environ`, "utf8")).not.toContain(key);
  for (const place of [disk, gitDir]) {
    expect(() => execFileSync("grep", ["-rqsF", key, place])).toThrow();
  }
});

it("an attempt whose provider is out of quota leaves a checkpoint, from which the next one goes on in another sandbox", async () => {
  const shop = await openShop();
  const quota = {
    status: 400,
    type: "invalid_request_error",
    message: "You will regain access on 2026-12-01 at 00:00 UTC.",
  };
  const first = await startAgent(shop, [
    {
      text: "I begin with the rate.",
      tools: [editor({ command: "str_replace", path: "tax.js", old_str: "0.19", new_str: "0.2" })],
    },
    { tools: [{ name: "write_notes", input: { text: "The test is left." } }] },
    { error: quota },
  ]);
  const failed = await first.conversation.run("Make the tax 20 %.");
  expect(failed).toMatchObject({ failure: { class: "provider_quota", retryAt: Date.parse("2026-12-01") } });
  const bytes = await first.takeNow();
  const spent = first.asking.budget.spend;
  first.sandbox.close();
  rmSync(first.disk, { recursive: true });
  rmSync(first.gitDir, { recursive: true });

  const checkpoint = readCheckpoint(bytes);
  if (!checkpoint) throw new Error("unreadable");
  const second = await startAgent(shop, [{ tools: [bash("cat tax.js")] }, { text: "Done." }], { checkpoint, spent });
  expect(await second.conversation.run("Make the tax 20 %.")).toMatchObject({ kind: "done" });
  expect(said(second.api, 0, 0).join()).toMatch(
    /^Make the tax 20 %\.[\s\S]*I begin with the rate[\s\S]*The test is left\.[\s\S]*back in place: tax\.js/,
  );
  expect(results(second.api, 1)).toMatch(/net \* 0\.2;/);
  expect(second.asking.budget.spend.turns).toBe(spent.turns + 2);
  expect((await second.takeNow()).toString()).toMatch(/The test is left/);
});

it("a workspace that is gone ends the run as such: that is not for the model to mend", async () => {
  const stage = await startAgent(await openShop(), () => {
    stage.runner.kill("SIGKILL");
    return { tools: [bash("echo still there")] };
  });
  await expect(stage.conversation.run("Go.")).rejects.toMatchObject({ name: "WorkspaceError", code: "lost" });
});
