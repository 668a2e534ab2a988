// Does the real local stack lose anything when it is killed again and again? `npm run crashtest -- --kills 200 --tasks 50`
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { inspectEnd } from "./inspect-end.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    tasks: { type: "string", default: "50" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});
const kills = Number(values.kills);
const tasks = Number(values.tasks);
const hops = ["queued", "launching", "running", "verifying", "publishing"] as const;

/** Seeded, so that the moments can be drawn again; what the machine does at them cannot. */
let state = Number(values.seed) >>> 0;
function random(): number {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
  return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32;
}

interface Stack {
  child: ChildProcess;
  url: string;
  apiKey: string;
}

const home = mkdtempSync(join(tmpdir(), "drover-crash-"));
const dataDir = join(home, "data");
const repository = join(home, "repository");
const settings = {
  DROVER_BEAT_MS: "500",
  DROVER_LEASE_MS: "10000",
  DROVER_SLOTS: "8",
  DROVER_PUSH_SETTLE_MS: "500",
  DROVER_REQUESTS_PER_MINUTE: "100000",
};

async function start(port: string): Promise<Stack> {
  const script = resolve(import.meta.dirname, "../support/stack-process.ts");
  const env = { ...process.env, ...settings };
  const child = spawn(process.execPath, [script, dataDir, port], { env, stdio: ["ignore", "pipe", "ignore"] });
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(() => undefined),
  ]);
  if (!line) throw new Error("the stack did not come up again");
  return { child, ...JSON.parse(String(line[0])) };
}

async function killHard({ child }: Stack): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function call(stack: Stack, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${stack.url}/api/orchestrator${path}`, {
    method,
    headers: { "x-api-key": stack.apiKey, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

function makeRepository(): void {
  mkdirSync(repository);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: repository });
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(repository, "README.md"), "# Crash test\n");
  git("add", ".");
  // A remote takes its time, so that kills also find tasks that are publishing.
  writeFileSync(join(repository, ".git", "hooks", "pre-receive"), "#!/bin/sh\nsleep 0.3\n", { mode: 0o755 });
  git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "base");
}

const command = (n: number) => ["sh", "-c", `sleep ${random().toFixed(2)}; echo ${n} > task-${n}.txt`];
const hopPatienceMs = 3_000;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function main(): Promise<number> {
  makeRepository();
  let stack = await start("0");
  const { port } = new URL(stack.url);
  const ids: string[] = [];
  const submit = async () => {
    const n = ids.length;
    const request = {
      repository,
      prompt: `Task ${n}`,
      maxAttempts: 10,
      agent: { kind: "command", command: command(n) },
    };
    ids.push(String((await call(stack, "POST", "/tasks", request)).taskId));
  };
  const done = async () => Number((await call(stack, "GET", "/stats")).completed);
  /** Looks until a task is at the hop that was drawn, but not for ever: the kill comes all the same. */
  const waitForHop = async (hop: string) => {
    for (const until = Date.now() + hopPatienceMs; Date.now() < until; ) {
      const stats = await call(stack, "GET", "/stats");
      if (Number(stats[hop]) > 0) return stats;
    }
    return call(stack, "GET", "/stats");
  };
  const struck = Object.fromEntries(hops.map((hop) => [hop, 0])) as Record<(typeof hops)[number], number>;
  for (let n = 0; n < kills; n += 1) {
    // As many at once as there were asked for, for as long as the kills go on.
    for (let missing = tasks - (ids.length - (await done())); missing > 0; missing -= 1) await submit();
    await pause(random() * 500);
    const stats = await waitForHop(hops[Math.floor(random() * hops.length)] ?? "running");
    await killHard(stack);
    for (const hop of hops) if (Number(stats[hop]) > 0) struck[hop] += 1;
    stack = await start(port);
    if (n % 20 === 19) console.log(`${n + 1} kills, ${ids.length} tasks so far`);
  }
  console.log("kills with a task at that hop just before:", struck);
  for (let left = -1, until = Date.now() + 300_000; left !== 0 && Date.now() < until; await pause(500)) {
    const stats = await call(stack, "GET", "/stats");
    left = [...hops, "delayed"].reduce((sum, hop) => sum + Number(stats[hop]), 0);
  }
  stack.child.kill("SIGTERM");
  await once(stack.child, "exit");
  return inspectEnd({ dataDir, repository, ids });
}

main()
  .catch((error: unknown) => {
    console.error(error);
    return 1;
  })
  .then(async (problems) => {
    await removeTree(sandboxBase(dataDir));
    rmSync(home, { recursive: true, force: true });
    console.log(`${kills} kills, ${tasks} tasks at a time, ${problems} problems (seed ${values.seed})`);
    process.exit(problems === 0 ? 0 : 1);
  });
