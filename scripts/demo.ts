// `npm run demo`: the main job once, on this machine, with real parts at every hop. Exits 0 only if git confirms it.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openDataDir, SetUpError } from "../infra/local/data-dir.ts";
import { removeTree, sandboxBase } from "../infra/local/sandbox/disk.ts";
import { type LocalStack, startLocal } from "../stacks/local.ts";
import { readFeed } from "./demo/follow.ts";
import { codemod, createRemote, type DemoRemote, expectedFiles, git } from "./demo/repository.ts";

const checkout = resolve(import.meta.dirname, "..");
const home = join(checkout, ".drover", "demo");
const limitMs = 120_000;

let hop = "starting";
let stack: LocalStack | undefined;
let starting: Promise<LocalStack> | undefined;
let remote: DemoRemote | undefined;
let making: Promise<DemoRemote> | undefined;

interface Hop {
  status: string;
  at: number;
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  await clearLastRun();
  const { values } = parseArgs({ options: { "allow-unconfined": { type: "boolean", default: false } } });
  starting = startLocal({
    dataDir: home,
    port: 0,
    ephemeral: true,
    allowUnconfined: values["allow-unconfined"],
    imageDir: join(checkout, ".drover"),
    say: (line) => console.log(`  ${line}`),
  });
  stack = await starting;
  if (stack.isolation.kind === "impossible") throw new SetUpError(describeRefusal(stack.isolation));
  say(`1. The whole system is up on ${stack.url} after ${seconds(performance.now() - startedAt)}`);

  hop = "making the repository";
  const token = randomBytes(16).toString("hex");
  mkdirSync(join(home, "repositories"), { recursive: true });
  making = createRemote(join(home, "repositories"), token).then((made) => (remote = made));
  const { repository } = await making;
  say(`2. A repository with a remote behind smart HTTP and a token: ${repository}`);

  hop = "submitting";
  await call("PUT", "/api/orchestrator/workspaces/default/credentials/demo", { token });
  const task = await call("POST", "/api/orchestrator/tasks", {
    repository,
    credential: "demo",
    prompt: "Replace var by const in src/",
    agent: { kind: "command", command: codemod },
  });
  const taskId = String(task.taskId);
  say(`3. Submitted ${taskId}: ${JSON.stringify(codemod)}; watching its events`);

  const hops = await follow(taskId);
  const ended = await call("GET", `/api/orchestrator/tasks/${taskId}`);
  if (ended.status !== "completed") throw new Error(describeEnd(ended));

  hop = "verifying the pushed branch with git";
  await verify((await making).bareDir, String(ended.branch), String(ended.commit));
  say(
    `4. git confirms: ${ended.branch} is on the remote at ${String(ended.commit).slice(0, 12)}, with the expected change\n`,
  );
  console.log(await git((await making).bareDir, "diff", `main..${ended.branch}`));
  showTimes(hops);
  console.log("\nTo run it for good, on your own repositories:  npm start");
}

/** As `npm start` would refuse the tasks of users. */
function describeRefusal({ cause, remedy }: { cause: string; remedy: string }): string {
  return `the demo's agent cannot be confined on this machine: ${cause} ${remedy} To see it all the same, with an agent that has every right of this user (it only edits a small repository of the demo's own):  npm run demo -- --allow-unconfined`;
}

/** After a `kill -9` the last run's data is still here; a run that is still going is left alone. */
async function clearLastRun(): Promise<void> {
  openDataDir(home).release();
  await removeTree(sandboxBase(home));
  rmSync(home, { recursive: true, force: true });
}

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${stack?.url}${path}`, {
    method,
    headers: { "x-api-key": stack?.apiKey ?? "", "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : {};
}

async function follow(taskId: string): Promise<Hop[]> {
  const hops: Hop[] = [];
  const feed = `${stack?.url}/api/orchestrator/tasks/${taskId}/events`;
  for await (const { event, data } of readFeed(feed, stack?.apiKey ?? "", AbortSignal.timeout(limitMs))) {
    if (event === "progress") {
      for (const line of String(data.output).split("\n").filter(Boolean)) console.log(`     │ ${line}`);
    }
    if (event !== "audit") continue;
    const status = String(data.to);
    hop = `the task being ${status}`;
    if (data.from !== data.to) hops.push({ status, at: Date.parse(String(data.at)) });
    console.log(`   v${data.version}  ${String(data.type).padEnd(16)} → ${status}`);
  }
  return hops;
}

async function verify(bareDir: string, branch: string, commit: string): Promise<void> {
  const at = (await git(bareDir, "rev-parse", `refs/heads/${branch}`)).trim();
  if (at !== commit) throw new Error(`the remote's ${branch} is at ${at}, and the receipt says ${commit}`);
  const changed = (await git(bareDir, "diff", "--name-only", `main..${branch}`)).trim().split("\n");
  if (changed.join() !== Object.keys(expectedFiles).join()) throw new Error(`the branch changes ${changed.join(", ")}`);
  for (const [path, text] of Object.entries(expectedFiles)) {
    const found = await git(bareDir, "show", `${branch}:${path}`);
    if (found !== text) throw new Error(`${path} on the branch is not what the codemod writes:\n${found}`);
  }
}

function showTimes(hops: Hop[]): void {
  console.log("Time in each state:");
  for (const [i, { status, at }] of hops.entries()) {
    const next = hops[i + 1];
    if (next) console.log(`  ${status.padEnd(12)} ${seconds(next.at - at).padStart(8)}`);
  }
  const [first, last] = [hops[0], hops.at(-1)];
  if (first && last) console.log(`  ${"in all".padEnd(12)} ${seconds(last.at - first.at).padStart(8)}`);
}

function describeEnd(task: Record<string, unknown>): string {
  return `the task ended ${task.status}: ${JSON.stringify(task.failure ?? task.killed)}`;
}

const say = (line: string) => console.log(line);
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

let ending: Promise<void> | undefined;
/** Leaves no process, no lock and no disk behind; called once, by the end or by a signal. */
function cleanUp(): Promise<void> {
  ending ??= (async () => {
    // Ctrl-C may come while something is being made: that is waited for, and then closed.
    stack ??= await starting?.catch(() => undefined);
    await making?.catch(() => undefined);
    await remote?.close();
    await stack?.closeAndKill();
    rmSync(home, { recursive: true, force: true });
  })();
  return ending;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    console.log(`\n${signal}: stopping the demo`);
    cleanUp().finally(() => process.exit(code));
  });
}

main()
  .then(() => cleanUp())
  .then(
    () => process.exit(0),
    async (error: unknown) => {
      if (ending) return; // Ctrl-C made something fail that was under way.
      console.error(error instanceof SetUpError ? `drover: ${error.message}` : `FAILED while ${hop}: ${String(error)}`);
      await cleanUp().catch(console.error);
      process.exit(1);
    },
  );
