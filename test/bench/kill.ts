// How long from a kill's commit until nothing of the task is accepted, and until no process of it is left?
// `npm run killbench -- --kills 200`
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { agentIdOf, type TaskId } from "../../functions/core/ids.ts";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { type Load, loads } from "./hostile-loads.ts";
import { countIn, findSandbox, isAnyAlive, namespacesOf, type SandboxSeen } from "./sandbox-processes.ts";

const { values } = parseArgs({ options: { kills: { type: "string", default: "200" } } });
const kills = Number(values.kills);
const patienceMs = 60_000;
const lookMs = 1;
const beatMs = 3;

interface Stack {
  child: ChildProcess;
  url: string;
  apiKey: string;
}

interface Measured {
  load: string;
  refusedMs: number;
  goneMs: number;
  /** Beats that were accepted although one had been refused, or after the kill had been answered. */
  slipped: number;
  /** Processes that the scan at the end still found. */
  left: number;
}

const home = mkdtempSync(join(tmpdir(), "drover-kills-"));
const dataDir = join(home, "data");
const repository = join(home, "repository");
const now = () => performance.timeOrigin + performance.now();

async function start(): Promise<Stack> {
  const script = resolve(import.meta.dirname, "../support/stack-process.ts");
  const env = { ...process.env, DROVER_BEAT_MS: "500", DROVER_REQUESTS_PER_MINUTE: "1000000" };
  const child = spawn(process.execPath, [script, dataDir, "0"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const up = once(createInterface({ input: child.stdout }), "line");
  const line = await Promise.race([up, once(child, "exit").then(() => undefined)]);
  if (!line) throw new Error("the stack did not come up");
  return { child, ...JSON.parse(String(line[0])) };
}

async function call(stack: Stack, path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${stack.url}/api/orchestrator${path}`, {
    method: "POST",
    headers: { "x-api-key": stack.apiKey, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = now() + patienceMs; now() < end; await pause(lookMs)) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
}

async function submit(stack: Stack, load: Load): Promise<TaskId> {
  const agent = { kind: "command", command: load.command };
  const { status, body } = await call(stack, "/tasks", { repository, prompt: load.name, maxAttempts: 1, agent });
  if (status !== 201) throw new Error(`the submission was answered with ${status}: ${JSON.stringify(body)}`);
  return body.taskId;
}

/** Beats with the attempt's own token, one after the other, until one is refused; then a few more. */
async function beatUntilRefused(stack: Stack, agentId: string, sandbox: SandboxSeen, isAnswered: () => boolean) {
  let refusedAt: number | undefined;
  let slipped = 0;
  const beat = { step: "hostile", stepStartedAt: 0, output: "", outputLength: 0 };
  for (let seq = 1_000_000, after = 0; after < 5; seq += 1) {
    const late = isAnswered() || refusedAt !== undefined;
    const headers = { "x-drover-token": sandbox.token };
    const { status } = await call(stack, `/attempts/${agentId}/beat`, { ...beat, seq }, headers);
    if (status === 200 && late) slipped += 1;
    if (status !== 200) refusedAt ??= now();
    if (refusedAt !== undefined) after += 1;
    await pause(beatMs);
  }
  return { refusedAt: refusedAt ?? Number.NaN, slipped };
}

async function killOne(stack: Stack, load: Load): Promise<Measured> {
  const taskId = await submit(stack, load);
  const agentId = agentIdOf(taskId, 1);
  // The workspace and the gates.
  const sandbox = await until(`${taskId} has its sandbox`, () => {
    const seen = findSandbox(agentId);
    return seen && seen.inits.length >= 2 && seen;
  });
  const namespaces = namespacesOf(sandbox);
  await until(`"${load.name}" is under way`, () => countIn(namespaces) >= load.processes + 2);
  let answered = false;
  const beating = beatUntilRefused(stack, agentId, sandbox, () => answered);
  await pause(beatMs * 5);
  const gone = until(`nothing of ${taskId} is left`, () => !isAnyAlive(sandbox)).then(now);
  const { status, body } = await call(stack, `/tasks/${taskId}/kill`, { reason: "killbench" });
  answered = true;
  if (status !== 200) throw new Error(`the kill of ${taskId} was answered with ${status}`);
  // The moment that was written, which is a little before the write was done.
  const committedAt = Date.parse(body.task.updatedAt);
  const [goneAt, { refusedAt, slipped }] = await Promise.all([gone, beating]);
  return {
    load: load.name,
    refusedMs: refusedAt - committedAt,
    goneMs: goneAt - committedAt,
    slipped,
    left: countIn(namespaces),
  };
}

function makeRepository(): void {
  mkdirSync(repository);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: repository });
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(repository, "README.md"), "# Kills\n");
  git("add", ".");
  git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "base");
}

function describe(name: string, sample: number[]): string {
  const sorted = sample.toSorted((a, b) => a - b);
  const at = (part: number) =>
    (sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN).toFixed(0);
  return `${name.padEnd(58)} p50 ${at(0.5).padStart(5)} ms   p99 ${at(0.99).padStart(5)} ms   max ${at(1).padStart(5)} ms`;
}

async function measure(stack: Stack): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let n = 0; n < kills; n += 1) {
    measured.push(await killOne(stack, loads[n % loads.length] as Load));
    if (n % 20 === 19) console.log(`${n + 1} kills`);
  }
  return measured;
}

/** Returns how much is wrong. */
function report(measured: Measured[]): number {
  for (const { name } of loads) {
    const times = measured.filter(({ load }) => load === name).map(({ goneMs }) => goneMs);
    if (times.length > 0) console.log(describe(`  ${name}`, times));
  }
  const refused = measured.map(({ refusedMs }) => refusedMs);
  const gone = measured.map(({ goneMs }) => goneMs);
  console.log(describe("commit → effects refused", refused));
  console.log(describe("commit → no process left", gone));
  const slipped = measured.reduce((sum, one) => sum + one.slipped, 0);
  const left = measured.reduce((sum, one) => sum + one.left, 0);
  console.log(`${measured.length} kills, ${slipped} effects accepted afterwards, ${left} processes left`);
  return slipped + left;
}

async function main(): Promise<number> {
  makeRepository();
  const stack = await start();
  try {
    return report(await measure(stack));
  } finally {
    stack.child.kill("SIGTERM");
    await once(stack.child, "exit");
  }
}

main()
  .catch((error: unknown) => {
    console.error(error);
    return 1;
  })
  .then(async (problems) => {
    await removeTree(sandboxBase(dataDir));
    rmSync(home, { recursive: true, force: true });
    process.exit(problems === 0 ? 0 : 1);
  });
