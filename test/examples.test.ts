import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, expect, it } from "vitest";
import { useRemote } from "./support/remote.ts";
import { call, useStack } from "./support/stack.ts";

const examples = resolve(import.meta.dirname, "../examples");
const read = (path: string) => readFileSync(join(examples, "own-gates", path), "utf8");
const licensed = "// SPDX-License-Identifier: MIT\n";

const stack = useStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const remote = useRemote({
  "drover.yaml": read("drover.yaml"),
  "tools/licenses.mjs": read("tools/licenses.mjs"),
  "src/add.mjs": `${licensed}export const add = (a, b) => a + b;\n`,
  "add.test.mjs": 'import { test } from "node:test";\ntest("adds", () => {});\n',
});
const dir = mkdtempSync(join(tmpdir(), "drover-examples-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function start(example: string, args: string[], environment: Record<string, string> = {}) {
  const { url, apiKey } = stack.local;
  const env = { PATH: process.env.PATH, DROVER_URL: url, DROVER_API_KEY: apiKey, ...environment };
  return spawn(process.execPath, [join(examples, example), ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function run(example: string, ...args: string[]) {
  const child = start(example, args);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { out, err, code };
}

it("submit-task follows a task to its end, and to git's own word for it", async () => {
  const { out, err, code } = await run("submit-task.ts", remote.url, "sh", "-c", "echo // more >> src/add.mjs");
  expect(err).toBe("");
  expect(code).toBe(0);
  const [, branch = "", commit] = /(drover\/tsk_\w+) is at (\w+)/.exec(out) ?? [];
  expect(out).toMatch(/is queued\nv1 created → queued\n(.*\n)*v6 completed → completed\n/);
  expect(remote.git("rev-parse", branch).trim()).toBe(commit);
  const failed = await run("submit-task.ts", remote.url, "sh", "-c", "exit 3");
  expect(failed).toMatchObject({ code: 1, err: expect.stringMatching(/is failed: .*3/) });
  expect(await run("submit-task.ts")).toMatchObject({ code: 2, err: expect.stringContaining("usage") });
});

it("coordinator dispatches what passes its own check, and takes what passes the gates, those of own-gates", async () => {
  const piece = (id: string, script: string) => ({
    ...{ id, repository: remote.url, workItems: [id], gates: { profile: "custom", gates: ["test", "licenses"] } },
    agent: { kind: "command", command: ["sh", "-c", script] },
  });
  const plan = [
    piece("good", `printf '${licensed.trim()}\\nexport const two = 2;\\n' > src/two.mjs`),
    piece("bare", "echo 'export const two = 2;' > src/two.mjs"),
    piece("sly", "echo > tools/licenses.mjs"),
    { ...piece("large", "true"), workItems: Array(6).fill("more") },
    { ...piece("lost", "true"), repository: "https://127.0.0.1:1/none.git" },
  ];
  writeFileSync(join(dir, "plan.json"), JSON.stringify(plan));
  const { out, err, code } = await run("coordinator.ts", join(dir, "plan.json"));
  expect(err).toBe("");
  expect(code).toBe(1);
  const ends = out.trim().split("\n").slice(-plan.length);
  expect(ends).toEqual([
    expect.stringMatching(/^good: accepted, drover\/tsk_\w+ at \w{40}$/),
    expect.stringMatching(/^bare: not accepted, licenses: /),
    expect.stringMatching(/^sly: not accepted, tampering: /),
    expect.stringMatching(/^large: not accepted, it has 6 work items/),
    expect.stringMatching(/^lost: not accepted, Could not reach/),
  ]);
});

it("webhook-receiver hears of an end, once, and does not take what drover has not signed", async () => {
  const placeholder = start("webhook-receiver.ts", ["0"]);
  expect(await text(placeholder.stderr)).toContain("Set DROVER_WEBHOOK_SECRET");
  const webhooks = "/api/orchestrator/workspaces/default/webhooks";
  // Its secret is known only once the webhook is made, and its port only once it listens: so the port is chosen first.
  const port = String(20_000 + (process.pid % 10_000));
  const { body } = await call(stack, "POST", webhooks, {
    url: `http://127.0.0.1:${port}/`,
    events: ["task.completed"],
  });
  const receiver = start("webhook-receiver.ts", [port], { DROVER_WEBHOOK_SECRET: body.secret });
  try {
    const lines = createInterface(receiver.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe(`listening on port ${port}`);
    const { out } = await run("submit-task.ts", remote.url, "true");
    const [taskId] = /tsk_\w+/.exec(out) ?? [];
    expect((await lines.next()).value).toMatch(`task.completed: ${taskId}`);
    const forged = { type: "task.completed", data: { taskId } };
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: JSON.stringify(forged) });
    expect(answer.status).toBe(401);
  } finally {
    receiver.kill();
  }
});
