// Who is to be killed? Agents that do not want to be, each watched from the inside and the outside.
import { setTimeout as pause } from "node:timers/promises";
import { agentIdOf, type TaskId } from "../../../functions/core/ids.ts";
import { now } from "../bench.ts";
import { countIn, findSandbox, isAnyAlive, namespacesOf, type SandboxSeen } from "../sandbox-processes.ts";
import { submitCommand } from "../stack/run-task.ts";
import { onceOnly, type Stack } from "../stack/start-stack.ts";
import { type Load, loads } from "./hostile-loads.ts";
import { effectsOf, insist, isAccepted, type Late, refusalOf, type Say, type Told, type Word } from "./insist.ts";

const patienceMs = 120_000;
/** Between two words, and between two looks, of all that are watched: what watches must not be what the stack waits for. */
const wordMs = 3;
const goneMs = 1;
/** How often it is looked whether a load has begun, of which all processes of the machine are read. */
const beginMs = 50;

export interface Victim {
  taskId: TaskId;
  load: Load;
  sandbox: SandboxSeen;
  namespaces: ReadonlySet<string | undefined>;
  say: Say;
  /** What it tries when it is killed. */
  effects: Word[];
}

export interface Watched {
  load: string;
  /** Its first heartbeat that was. */
  refusedAt: number;
  goneAt: number;
  late: Late[];
}

/** As long after its kill as each of these was. */
export interface Killed {
  load: string;
  heartbeatMs: number;
  goneMs: number;
  late: Late[];
}

export const since = (killedAt: number, { load, refusedAt, goneAt, late }: Watched): Killed => ({
  ...{ load, late },
  heartbeatMs: refusedAt - killedAt,
  goneMs: goneAt - killedAt,
});

type Seen<T> = T | undefined | false;

export async function until<T>(what: string, everyMs: number, look: () => Seen<T> | Promise<Seen<T>>): Promise<T> {
  for (const end = now() + patienceMs; now() < end; await pause(everyMs)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`waited ${patienceMs} ms in vain: ${what}`);
}

/** So many at work at once, the loads in turn; those that take all the CPU begin when the others are up. */
export async function raiseVictims(stack: Stack, repository: string, count: number): Promise<Victim[]> {
  const wanted = Array.from({ length: count }, nextPart);
  const raise = async ({ load, status }: Part) => {
    return findVictim(stack, await submitCommand(stack, repository, load.command), load, status);
  };
  const quiet = await Promise.all(wanted.filter(({ load }) => !load.busy).map(raise));
  return [...quiet, ...(await Promise.all(wanted.filter(({ load }) => load.busy).map(raise)))];
}

interface Part {
  load: Load;
  status: "running" | "verifying";
}

let parts = 0;

/** One agent is at work, the next has reported its work; and each load is met in both states. */
function nextPart(): Part {
  const n = parts++;
  const hasReported = (n + Math.floor(n / loads.length)) % 2 === 1;
  return { load: loads[n % loads.length] as Load, status: hasReported ? "verifying" : "running" };
}

async function findVictim(stack: Stack, taskId: TaskId, load: Load, status: Part["status"]): Promise<Victim> {
  const agentId = agentIdOf(taskId, 1);
  // The workspace and the gates.
  const sandbox = await until(`${taskId} has its sandbox`, beginMs, () => {
    const seen = findSandbox(agentId);
    return seen && seen.inits.length >= 2 && seen;
  });
  const namespaces = namespacesOf(sandbox);
  // Before its first word a supervisor's beats are refused, killed or not.
  await until(`${taskId} runs`, beginMs, async () => {
    const task = (await (await stack.ask("GET", `/tasks/${taskId}`)).json()) as { status: string };
    return task.status === "running";
  });
  await until(`"${load.name}" is under way`, beginMs, () => countIn(namespaces) >= load.processes + 2);
  const say: Say = ([verb, body]) =>
    fetch(`${stack.url}/api/orchestrator/attempts/${agentId}/${verb}`, {
      method: "POST",
      headers: { "x-drover-token": sandbox.token, "content-type": "application/json", ...onceOnly },
      body: JSON.stringify(body),
    });
  if (status === "verifying") await reportWork(say, taskId);
  return { taskId, load, sandbox, namespaces, say, effects: effectsOf(taskId, status) };
}

/** What the bench says in an agent's name is taken while nobody has killed it: else a refusal would prove nothing. */
async function reportWork(say: Say, taskId: TaskId): Promise<void> {
  for (const word of effectsOf(taskId, "running")) {
    const refusal = await refusalOf(say, word);
    if (refusal) throw new Error(`${taskId} lives, and its "${word[0]}" was refused: ${refusal}`);
  }
}

/** From now until nothing of it is left and nothing is accepted; throws if something is. `among`: how many are watched at once. */
export async function watch(victim: Victim, among: number, told: Told): Promise<Watched> {
  const { taskId, load, sandbox, namespaces, say, effects } = victim;
  const gone = until(`nothing of ${taskId} is left`, goneMs * among, () => !isAnyAlive(sandbox)).then(now);
  const [insisted, goneAt] = await Promise.all([insist(say, effects, wordMs * among, told), gone]);
  const accepted = insisted.late.filter(isAccepted).map(({ verb }) => verb);
  const left = countIn(namespaces);
  if (accepted.length + left > 0) {
    const words = accepted.join(", ") || "nothing";
    throw new Error(`"${load.name}": after its kill ${words} was accepted, and ${left} processes were left`);
  }
  return { load: load.name, ...insisted, goneAt };
}
