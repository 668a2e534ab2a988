// `npm run check-model`: does the model agent work with the real model? One small task through the whole system, on your key.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { dollars } from "../functions/core/price.ts";
import { openDataDir, SetUpError } from "../infra/local/data-dir.ts";
import { removeTree, sandboxBase } from "../infra/local/sandbox/disk.ts";
import { type LocalStack, startLocal } from "../stacks/local.ts";
import { readFeed } from "./demo/follow.ts";
import { createRemote, type DemoRemote, git, type Project } from "./demo/repository.ts";

const checkout = resolve(import.meta.dirname, "..");
const home = join(checkout, ".drover", "check-model");
const limitMs = 15 * 60_000;

const usage = `ANTHROPIC_API_KEY=… npm run check-model -- [options]
  --model ID       a model of the table, instead of the cheapest that is able enough
  --dollars N      what it may spend at most (0.5)
  ANTHROPIC_BASE_URL names another server that speaks the Messages API`;

const project: Project = {
  "package.json": '{\n  "name": "basket",\n  "type": "module",\n  "scripts": { "test": "node --test" }\n}\n',
  "AGENTS.md": "Amounts are integers, in cents.\n",
  "basket.js": "export const total = (items) => items.reduce((sum, item) => sum + item.cents, 0);\n",
  "basket.test.js": `import assert from "node:assert";
import test from "node:test";
import { total } from "./basket.js";

test("a total counts every piece of an item", () => {
  assert.equal(total([{ cents: 250, count: 2 }, { cents: 100, count: 1 }]), 600);
});
`,
};
const prompt =
  "The test of this project fails. Make it pass by mending basket.js, and add a test that an empty basket costs nothing.";

let stack: LocalStack | undefined;
let remote: DemoRemote | undefined;

async function main(): Promise<void> {
  const { apiKey, baseUrl, model, limit } = readOptions();
  openDataDir(home).release();
  await removeTree(sandboxBase(home));
  rmSync(home, { recursive: true, force: true });
  stack = await startLocal({
    dataDir: home,
    port: 0,
    ephemeral: true,
    imageDir: join(checkout, ".drover"),
    modelKey: { token: apiKey, ...(baseUrl ? { baseUrl } : {}) },
    say: (line) => console.log(`  ${line}`),
  });
  const token = randomBytes(16).toString("hex");
  mkdirSync(join(home, "repositories"), { recursive: true });
  remote = await createRemote(join(home, "repositories"), token, project);
  await call("PUT", "/api/orchestrator/workspaces/default/credentials/git", { token });
  const task = await call("POST", "/api/orchestrator/tasks", {
    repository: remote.repository,
    credential: "git",
    prompt,
    agent: { kind: "model", ...(model ? { model } : {}) },
    limits: { dollars: limit, turns: 40, wallClockMs: limitMs },
    gates: { gates: ["test", "ai_review"] },
    maxAttempts: 1,
  });
  console.log(`Submitted ${task.taskId}; it may spend ${dollars(limit * 1_000_000)}`);
  await follow(String(task.taskId));
  await judge(String(task.taskId), remote);
}

function readOptions() {
  const { values } = parseArgs({
    options: { model: { type: "string" }, dollars: { type: "string", default: "0.5" } },
  });
  const limit = Number(values.dollars);
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseUrl } = process.env;
  if (!apiKey) throw new SetUpError(`There is no ANTHROPIC_API_KEY in the environment.\n${usage}`);
  if (!(limit > 0)) throw new SetUpError(`--dollars ${values.dollars} is no amount.\n${usage}`);
  return { apiKey, baseUrl, model: values.model, limit };
}

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  return JSON.parse(await read(method, path, body)) as Record<string, unknown>;
}

async function read(method: string, path: string, body?: object): Promise<string> {
  const response = await fetch(`${stack?.url}${path}`, {
    method,
    headers: { "x-api-key": stack?.apiKey ?? "", "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text || "{}";
}

async function follow(taskId: string): Promise<void> {
  const feed = `${stack?.url}/api/orchestrator/tasks/${taskId}/events`;
  for await (const { event, data } of readFeed(feed, stack?.apiKey ?? "", AbortSignal.timeout(limitMs))) {
    if (event === "audit") console.log(`   v${data.version}  ${String(data.type).padEnd(16)} → ${data.to}`);
    if (event !== "progress") continue;
    for (const line of String(data.output).split("\n").filter(Boolean)) console.log(`     │ ${line}`);
  }
}

interface Call {
  type: string;
  model: string;
  microDollars: number;
  used: { input: number; output: number; cacheRead: number; cacheWrite: number };
}

/** What a person would look at after a first run. Nothing that the model has written is run outside of the sandbox. */
async function judge(taskId: string, { bareDir }: DemoRemote): Promise<void> {
  const task = await call("GET", `/api/orchestrator/tasks/${taskId}`);
  const transcript = await read("GET", `/api/orchestrator/tasks/${taskId}/transcript`).catch(() => "");
  const records = transcript.split("\n").filter(Boolean);
  const calls = records.map((line) => JSON.parse(line) as Call).filter(({ type }) => type === "call");
  console.log("\nCalls to the model: input, cache read, cache written, output, cost");
  for (const { model, used, microDollars } of calls) {
    const counts = [used.input, used.cacheRead, used.cacheWrite, used.output].map((count) => String(count).padStart(8));
    console.log(`  ${model.padEnd(20)} ${counts.join(" ")}  ${dollars(microDollars)}`);
  }
  const spend = task.spend as { microDollars: number; unconfirmedTokens: number } | undefined;
  console.log(`In all ${dollars(spend?.microDollars ?? 0)}, by the prices in functions/core/models.ts\n`);

  const range = task.publishOutcome === "pushed" ? `main..${task.branch}` : "main..main";
  const changed = await git(bareDir, "diff", "--name-only", range);
  console.log(await git(bareDir, "diff", range));
  const checks: [boolean, string][] = [
    [task.status === "completed", `the task is completed (${task.status}: ${JSON.stringify(task.failure ?? "")})`],
    [
      /^basket\.js$/m.test(changed),
      `the branch changes basket.js (${changed.trim().replaceAll("\n", ", ") || "nothing"})`,
    ],
    [calls.length > 1, `the model used tools and went on (${calls.length} calls)`],
    [calls.slice(1).some(({ used }) => used.cacheRead > 0), "the provider's cache was read"],
    [spend !== undefined && spend.unconfirmedTokens === 0, "every call was settled"],
  ];
  for (const [ok, what] of checks) console.log(`${ok ? "ok    " : "FAILED"} ${what}`);
  if (!checks.every(([ok]) => ok)) throw new Error("the model agent does not work as it should; see above");
}

async function cleanUp(): Promise<void> {
  await remote?.close();
  await stack?.closeAndKill();
  rmSync(home, { recursive: true, force: true });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => void cleanUp().finally(() => process.exit(130)));
}

main().then(
  () => cleanUp().then(() => process.exit(0)),
  async (error: unknown) => {
    console.error(error instanceof SetUpError ? `drover: ${error.message}` : `FAILED: ${String(error)}`);
    await cleanUp().catch(console.error);
    process.exit(1);
  },
);
