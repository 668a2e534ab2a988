// Does the real local stack lose anything when it is killed again and again? `npm run crashtest -- --kills 200 --tasks 50`
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { hops } from "./hops.ts";
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
  DROVER_LEASE_MS: "30000",
  DROVER_SLOTS: "8",
  DROVER_PUSH_SETTLE_MS: "500",
  DROVER_REQUESTS_PER_MINUTE: "100000",
};

/** Without a doom it lives until it is ended. */
async function start(port: string, doom: object | null = null): Promise<Stack> {
  const script = resolve(import.meta.dirname, "doomed-stack.ts");
  const env = { ...process.env, ...settings };
  const args = [script, dataDir, port, JSON.stringify(doom)];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(() => undefined),
  ]);
  // Its moment may come as soon as it is up.
  if (!line && doom && child.signalCode === "SIGKILL") return { child, url: "", apiKey: "" };
  if (!line) throw new Error("the stack did not come up again");
  return { child, ...JSON.parse(String(line[0])) };
}

const isDead = ({ child }: Stack) => child.exitCode !== null || child.signalCode !== null;

async function killHard(stack: Stack): Promise<void> {
  stack.child.kill("SIGKILL");
  if (!isDead(stack)) await once(stack.child, "exit");
}

async function call(
  stack: Stack,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${stack.url}/api/orchestrator${path}`, {
    method,
    headers: { "x-api-key": stack.apiKey, "content-type": "application/json", ...headers },
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
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
/** A moment that does not come in time is not waited for: the kill comes all the same. */
const patienceMs = 30_000;
const anyMoment = "any moment";
const lastHop = "the moment did not come in time";

const ids: string[] = [];
/** What was asked for, by number: a request that is made again must be the same. */
const commands = new Map<number, object>();

/** As many at once as were asked for. A submission that the kill cut off is made again, with the same key. */
async function submitMissing(stack: Stack): Promise<void> {
  const done = Number((await call(stack, "GET", "/stats")).completed);
  while (ids.length - done < tasks) {
    const n = ids.length;
    const agent = { kind: "command", command: command(n) };
    const request = { repository, prompt: `Task ${n}`, maxAttempts: 10, agent: commands.get(n) ?? agent };
    commands.set(n, request.agent);
    const key = { "idempotency-key": `task-${n}` };
    ids.push(String((await call(stack, "POST", "/tasks", request, key)).taskId));
  }
}
/** Answers the hop at which it died. */
async function untilDead(stack: Stack, hop: string): Promise<string> {
  const died = isDead(stack) ? Promise.resolve() : once(stack.child, "exit");
  // Its end may come while somebody talks to it: that is the purpose.
  await Promise.race([submitMissing(stack).catch(() => undefined), died]);
  const limitMs = hop === anyMoment ? random() * 5_000 : patienceMs;
  await Promise.race([died, pause(limitMs)]);
  if (isDead(stack)) return hop;
  await killHard(stack);
  return hop === anyMoment ? hop : lastHop;
}

/** Every hop as often as the others, in an order by chance. */
function drawHops(): string[] {
  const names = [...Object.keys(hops), anyMoment];
  const drawn = Array.from({ length: kills }, (_, n) => names[n % names.length] ?? anyMoment);
  return drawn
    .map((hop) => ({ hop, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ hop }) => hop);
}

function drawDoom(hop: string): object | null {
  const moments = hops[hop] ?? [];
  const moment = moments[Math.floor(random() * moments.length)];
  if (!moment) return null;
  return { moment, nth: 1 + Math.floor(random() * 3), delayMs: Math.floor(random() * (moment.withinMs ?? 0)) };
}

async function main(): Promise<number> {
  makeRepository();
  const first = await start("0");
  const { port } = new URL(first.url);
  await killHard(first);
  const struck: Record<string, number> = Object.fromEntries(
    [...Object.keys(hops), anyMoment, lastHop].map((hop) => [hop, 0]),
  );
  for (const [n, hop] of drawHops().entries()) {
    const diedAt = await untilDead(await start(port, drawDoom(hop)), hop);
    struck[diedAt] = (struck[diedAt] ?? 0) + 1;
    if (n % 20 === 19) console.log(`${n + 1} kills, ${ids.length} tasks so far`);
  }
  const stack = await start(port);
  for (let left = -1, until = Date.now() + 600_000; left !== 0 && Date.now() < until; await pause(500)) {
    const { completed, failed, killed, ...open } = await call(stack, "GET", "/stats");
    left = Object.values(open).reduce<number>((sum, count) => sum + Number(count), 0);
  }
  stack.child.kill("SIGTERM");
  await once(stack.child, "exit");
  console.log("kills at each hop:");
  for (const [hop, count] of Object.entries(struck)) console.log(`  ${String(count).padStart(5)}  ${hop}`);
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
