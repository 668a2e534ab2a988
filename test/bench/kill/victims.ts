// Who is to be killed? Agents that do not want to be, each watched from the inside and the outside.
import { setTimeout as pause } from "node:timers/promises";
import { agentIdOf, type TaskId } from "../../../functions/core/ids.ts";
import { countIn, findSandbox, isAnyAlive, namespacesOf, type SandboxSeen } from "../sandbox-processes.ts";
import { submitCommand } from "../stack/run-task.ts";
import type { Stack } from "../stack/start-stack.ts";
import { type Load, loads } from "./hostile-loads.ts";

const patienceMs = 120_000;
/** Between two beats, and between two looks, of all that are watched: what watches must not be what the stack waits for. */
const beatMs = 3;
const goneMs = 1;
/** How often it is looked whether a load has begun, of which all processes of the machine are read. */
const beginMs = 50;
/** Beats after the first that was refused. */
const beatsAfter = 5;

const fences = new Set(["task_ended", "attempt_superseded"]);

export const now = () => performance.timeOrigin + performance.now();

export interface Victim {
  taskId: TaskId;
  load: Load;
  sandbox: SandboxSeen;
  namespaces: ReadonlySet<string | undefined>;
}

export interface Watched {
  refusedAt: number;
  goneAt: number;
  /** Beats that were accepted although one had been refused, or after the kill had been answered. */
  slipped: number;
  /** Processes that a scan at the end still found. */
  left: number;
}

type Seen<T> = T | undefined | false;

async function until<T>(what: string, everyMs: number, look: () => Seen<T> | Promise<Seen<T>>): Promise<T> {
  for (const end = now() + patienceMs; now() < end; await pause(everyMs)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
}

/** So many at work at once, the loads in turn; those that take all the CPU begin when the others are up. */
export async function raiseVictims(stack: Stack, repository: string, count: number): Promise<Victim[]> {
  const wanted = Array.from({ length: count }, () => loads[nextLoad++ % loads.length] as Load);
  const raise = async (load: Load) => findVictim(stack, await submitCommand(stack, repository, load.command), load);
  const quiet = await Promise.all(wanted.filter(({ busy }) => !busy).map(raise));
  return [...quiet, ...(await Promise.all(wanted.filter(({ busy }) => busy).map(raise)))];
}

let nextLoad = 0;

async function findVictim(stack: Stack, taskId: TaskId, load: Load): Promise<Victim> {
  // The workspace and the gates.
  const sandbox = await until(`${taskId} has its sandbox`, beginMs, () => {
    const seen = findSandbox(agentIdOf(taskId, 1));
    return seen && seen.inits.length >= 2 && seen;
  });
  const namespaces = namespacesOf(sandbox);
  // Before its first word a supervisor's beats are refused, killed or not.
  await until(`${taskId} runs`, beginMs, async () => {
    const { status } = (await (await stack.ask("GET", `/tasks/${taskId}`)).json()) as { status: string };
    return status === "running";
  });
  await until(`"${load.name}" is under way`, beginMs, () => countIn(namespaces) >= load.processes + 2);
  return { taskId, load, sandbox, namespaces };
}

/** From now until nothing of it is left and nothing is accepted. `among`: how many are watched at once. `isAnswered`: whoever asked for the kill has been told. */
export async function watch(stack: Stack, victim: Victim, among: number, isAnswered: () => boolean): Promise<Watched> {
  const { taskId, sandbox, namespaces } = victim;
  const gone = until(`nothing of ${taskId} is left`, goneMs * among, () => !isAnyAlive(sandbox)).then(now);
  const beaten = await beatUntilRefused(stack, victim, beatMs * among, isAnswered);
  return { ...beaten, goneAt: await gone, left: countIn(namespaces) };
}

/** With the attempt's own token, one after the other, until one is refused; then a few more. */
async function beatUntilRefused(
  { url }: Stack,
  { taskId, sandbox }: Victim,
  everyMs: number,
  isAnswered: () => boolean,
) {
  let refusedAt: number | undefined;
  let slipped = 0;
  for (let seq = 1_000_000, after = 0; after < beatsAfter; seq += 1) {
    const late = isAnswered() || refusedAt !== undefined;
    const answer = await fetch(`${url}/api/orchestrator/attempts/${agentIdOf(taskId, 1)}/beat`, {
      method: "POST",
      headers: { "x-drover-token": sandbox.token, "content-type": "application/json" },
      body: JSON.stringify({ seq, step: "hostile", stepStartedAt: 0, output: "", outputLength: 0 }),
    });
    const { code } = answer.ok ? {} : ((await answer.json()) as { code?: string });
    if (answer.ok && late) slipped += 1;
    // Whatever else it is answered with is not a fence, and the bench must not take it for one.
    if (!answer.ok && !fences.has(code ?? ""))
      throw new Error(`a beat of ${taskId} was answered with ${answer.status} ${code}`);
    if (!answer.ok) refusedAt ??= now();
    if (refusedAt !== undefined) after += 1;
    await pause(everyMs);
  }
  return { refusedAt: refusedAt ?? Number.NaN, slipped };
}
