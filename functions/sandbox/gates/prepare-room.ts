// How does a commit come into the clean room, with its dependencies, ready for the gates?
import { ownGates, phaseOf } from "../../core/gates.ts";
import { boundVerdict, type Verdict } from "../../core/verdicts.ts";
import type { Repository } from "../../git/objects.ts";
import { OutputLog } from "../output-log.ts";
import type { RunResult } from "../protocol.ts";
import type { Workspace } from "../workspace.ts";
import { WorkspaceError } from "../workspace-error.ts";
import { composeTree } from "./compose-tree.ts";
import type { GatePlan } from "./plan.ts";
import { toolsFolder } from "./project.ts";
import type { GatesRoom } from "./room.ts";
import type { Repair } from "./tampering/find-tampering.ts";

/** In the room, beside what the setup needs: the tree as it was unpacked and set up. */
export const treeFolder = "tree";

export interface RoomOrder {
  room: GatesRoom;
  repository: Repository;
  base: string;
  commit: string;
  plan: GatePlan;
  repairs: ReadonlyMap<string, Repair>;
  /** Variables for every command, such as the address of the package registry. */
  environment: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** Where commands find themselves: no home, no temporary folder and no cache is used twice. */
export interface Surroundings {
  /** The room's own path, as the commands in it see it. */
  root: string;
  environmentOf(folder: string): Record<string, string>;
}

/** `verdict` is that of the setup. */
export type Prepared =
  | { kind: "ready"; verdict: Verdict; output: Buffer; surroundings: Surroundings }
  | { kind: "unusable"; verdict: Verdict; output: Buffer };

const setupLimitMs = 20 * 60_000;
/** With the time that emptying the room and filling it may take. */
export const prepareLimitMs = setupLimitMs + 15 * 60_000;
const shownCharacters = 4_000;

/** A failure that comes of the way to the registry says nothing about the work. */
const networkTrouble =
  /\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|EPIPE|ERR_SOCKET_TIMEOUT|UND_ERR_\w+|E50[0234]|E429)\b|network (request|connectivity|timeout)/i;

export async function prepareRoom(order: RoomOrder): Promise<Prepared> {
  const log = new OutputLog();
  const startedAt = performance.now();
  const finish = (verdict: Verdict) => {
    const durationMs = performance.now() - startedAt;
    return { verdict: boundVerdict({ ...verdict, durationMs }), output: log.read() };
  };
  try {
    const line = order.room.lines[0] as Workspace;
    await line.clear();
    await line.unpack(composeTree({ ...order, folder: treeFolder }));
    const surroundings = await lookAround(line, order);
    const verdict = await setUp(line, order, surroundings, log);
    const kind = verdict.outcome === "passed" ? "ready" : "unusable";
    return { kind, ...finish(verdict), surroundings };
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    return { kind: "unusable", ...finish(setupVerdict("infrastructure", error.message, "")) };
  }
}

async function setUp(line: Workspace, order: RoomOrder, surroundings: Surroundings, log: OutputLog): Promise<Verdict> {
  const { plan, signal } = order;
  const env = surroundings.environmentOf(".");
  const giveUpAt = performance.now() + setupLimitMs;
  for (const argv of plan.setup) {
    log.note(`running ${JSON.stringify(argv)}`);
    const timeoutMs = Math.max(1, Math.round(giveUpAt - performance.now()));
    const command = { argv, env, cwd: treeFolder, timeoutMs };
    const result = await line.run(command, (_stream, chunk) => log.write(chunk), signal);
    if (result.exitCode !== 0) return judgeSetup(argv, result, log.lastText(shownCharacters));
  }
  return setupVerdict("passed", plan.setup.length === 0 ? "there was nothing to install" : "they were", "");
}

/** The room's own path and PATH, which only its runner knows. */
async function lookAround(line: Workspace, { environment, signal }: RoomOrder): Promise<Surroundings> {
  const log = new OutputLog();
  const script = 'mkdir -p home tmp && pwd -P && printf %s "$PATH"';
  const command = { argv: ["sh", "-c", script], timeoutMs: 60_000 };
  const { exitCode } = await line.run(command, (_stream, chunk) => log.write(chunk), signal);
  const [root = "", path = ""] = log.read().toString().split("\n");
  if (exitCode !== 0 || !root.startsWith("/"))
    throw new WorkspaceError("failed", "the clean room does not say where it is");
  return {
    root,
    environmentOf: (folder) => ({
      CI: "1",
      NO_COLOR: "1",
      ...environment,
      PATH: `${root}/${toolsFolder}/bin:${path}`,
      HOME: `${root}/${folder}/home`,
      TMPDIR: `${root}/${folder}/tmp`,
    }),
  };
}

function judgeSetup(argv: readonly string[], result: RunResult, output: string): Verdict {
  const command = JSON.stringify(argv.join(" "));
  if (result.cancelled) return setupVerdict("infrastructure", `${command} was stopped from outside`, output);
  if (result.timedOut) return setupVerdict("timed_out", `it took longer than ${setupLimitMs / 60_000} minutes`, output);
  if (result.startFailure === "not_found") return setupVerdict("missing", `there is no program "${argv[0]}"`, output);
  const end = result.startFailure ?? result.signal ?? `exit code ${result.exitCode}`;
  const isOurs = result.startFailure !== undefined || result.diskFull || networkTrouble.test(output);
  return setupVerdict(isOurs ? "infrastructure" : "failed", `${command} ended with ${end}`, output);
}

function setupVerdict(outcome: Verdict["outcome"], actual: string, details: string): Verdict {
  const [, gate] = ownGates;
  const expected = "that the dependencies of the commit can be installed";
  return { gate, phase: phaseOf(gate), outcome, expected, actual, details, durationMs: 0 };
}
