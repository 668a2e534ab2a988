// What do the gates say about a commit? Drover's own two first, then those of the plan, beside each other.
import { maxGatesAtOnce } from "../../core/gates.ts";
import type { Verdict } from "../../core/verdicts.ts";
import type { Workspace } from "../workspace.ts";
import type { GateCommand, GatePlan } from "./plan.ts";
import { prepareLimitMs, prepareRoom, type RoomOrder } from "./prepare-room.ts";
import { gateOverheadMs, type Judged, runGate } from "./run-gate.ts";
import { judgeTampering } from "./tampering/judge-tampering.ts";

export interface GatesOrder extends Omit<RoomOrder, "repairs"> {
  /** Files and folders (`scripts/`, `**`) that the task may change though gates depend on them. */
  allowConfigChanges: readonly string[];
  /** How many tests passed on the base, by `measureBase`. Does not bind a change that people have allowed. */
  baseTests?: number | undefined;
  /** Each verdict as soon as it is known; `output` is the evidence. */
  onVerdict(verdict: Verdict, output: Buffer): void;
}

const nothing = Buffer.alloc(0);

/**
 * One verdict for each gate of the plan but the review, which is a model's. Whoever calls has quiesced the workspace.
 * Rejects with the reason of `signal` when that ends it; what goes wrong with the room is a verdict.
 */
export async function runGates(order: GatesOrder): Promise<Verdict[]> {
  const { plan, room, signal } = order;
  const verdicts: Verdict[] = [];
  const give = ({ verdict, output }: Judged) => {
    signal.throwIfAborted();
    verdicts.push(verdict);
    order.onVerdict(verdict, output);
  };
  for (const verdict of plan.settled) give({ verdict, output: nothing });
  if (plan.commands.length === 0) return verdicts;

  const { verdict: tampering, repairs, allowed } = await judgeTampering(order);
  give({ verdict: tampering, output: nothing });
  const prepared = await prepareRoom({ ...order, repairs });
  give(prepared);
  if (prepared.kind === "unusable") {
    for (const command of plan.commands) give({ verdict: leaveOut(command), output: nothing });
    return verdicts;
  }
  const { surroundings } = prepared;
  const run = async (line: Workspace, command: GateCommand) => {
    // What people have allowed may take tests away.
    const baseTests = command.gate === "test" && !allowed ? order.baseTests : undefined;
    give(await runGate(line, { command, surroundings, isOnly: plan.commands.length === 1, baseTests, signal }));
  };
  const together = plan.commands.filter(({ alone }) => !alone);
  const work = async (line: Workspace) => {
    for (let command = together.shift(); command; command = together.shift()) await run(line, command);
  };
  // All of them come to rest, also when one is called off: nothing runs on behind whoever has called.
  const ends = await Promise.allSettled(room.lines.map(work));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  for (const command of plan.commands.filter(({ alone }) => alone)) await run(room.lines[0] as Workspace, command);
  return verdicts;
}

/** The setup has spoken for it, and nothing is accepted without the setup. */
function leaveOut({ gate, phase, argv }: GateCommand): Verdict {
  const expected = `the end of ${JSON.stringify(argv.join(" "))}`;
  return {
    gate,
    phase,
    outcome: "skipped",
    expected,
    actual: "the setup before it did not succeed",
    details: "",
    durationMs: 0,
  };
}

/**
 * How many tests pass on the base, so that a commit cannot get by with fewer. For the beginning of an attempt: the
 * room stands empty while the agent works. Undefined when nothing can be counted; `verdicts` then say why.
 */
export async function measureBase(order: Omit<RoomOrder, "repairs" | "commit">) {
  const { plan, room, signal } = order;
  const command = plan.commands.find(({ gate }) => gate === "test");
  const counts = command?.judgement.kind === "tests" && command.judgement.report !== undefined;
  if (!command || !counts) return { baseTests: undefined, verdicts: [] };
  const prepared = await prepareRoom({ ...order, commit: order.base, repairs: new Map() });
  signal.throwIfAborted();
  if (prepared.kind === "unusable") return { baseTests: undefined, verdicts: [prepared.verdict] };
  const { surroundings } = prepared;
  const alone = { command, surroundings, isOnly: true, baseTests: undefined, signal };
  const { verdict } = await runGate(room.lines[0] as Workspace, alone);
  signal.throwIfAborted();
  return { baseTests: verdict.counts?.passed, verdicts: [prepared.verdict, verdict] };
}

/** The longest that all of this can take: for whoever watches over the steps of an attempt. */
export function longestRunMs({ commands }: GatePlan): number {
  const sum = (some: readonly GateCommand[]) =>
    some.reduce((total, { timeoutMs }) => total + timeoutMs + gateOverheadMs, 0);
  const together = commands.filter(({ alone }) => !alone);
  const longest = Math.max(0, ...together.map(({ timeoutMs }) => timeoutMs + gateOverheadMs));
  // Whoever comes last has waited for an equal share of the others at most.
  const waited = together.length > maxGatesAtOnce ? sum(together) / maxGatesAtOnce : 0;
  return prepareLimitMs + longest + waited + sum(commands.filter(({ alone }) => alone));
}
