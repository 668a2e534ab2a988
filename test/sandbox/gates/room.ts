// What do the tests that run gates share? A real runner with its lines, and a run from plan to verdicts.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { maxGatesAtOnce } from "../../../functions/core/gates.ts";
import type { Verdict } from "../../../functions/core/verdicts.ts";
import { type GatePlan, planGates } from "../../../functions/sandbox/gates/plan.ts";
import type { GatesRoom } from "../../../functions/sandbox/gates/room.ts";
import { type GatesOrder, runGates } from "../../../functions/sandbox/gates/run-gates.ts";
import { type Place, startLines } from "../harness.ts";
import type { TestRepository } from "./repository.ts";

export const checkout = resolve(import.meta.dirname, "../../..");

/** The machine, read-only, with a /tmp and processes of its own; the checkout again, since it may lie below /tmp. */
const mounts = [
  ..."--unshare-all --die-with-parent --new-session --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp".split(" "),
  ...["--ro-bind", checkout, checkout],
];
export const canConfine = spawnSync("bwrap", [...mounts, "true"]).status === 0;

const wrap = ({ sockets, workspace }: Place, command: string[]) => [
  ...["bwrap", ...mounts, "--ro-bind", sockets, sockets, "--bind", workspace, workspace],
  ...["--setenv", "DROVER_CONFINED", "1", "--", ...command],
];

export async function startRoom() {
  const { lines, ...rest } = await startLines(maxGatesAtOnce, { wrap });
  const room: GatesRoom = { lines, close: async () => lines.forEach((line) => void line.close()) };
  return { room, ...rest };
}

export async function planFor({ repository, base }: TestRepository, gates: readonly string[]): Promise<GatePlan> {
  const planned = await planGates(repository, base, { gates, chosenBy: "request" });
  if (planned.kind === "refused") throw new Error(planned.why);
  return planned.plan;
}

export interface Round {
  verdicts: Verdict[];
  of(gate: string): Verdict;
  outputOf(gate: string): string;
}

export async function runRound(
  room: GatesRoom,
  test: TestRepository,
  options: Partial<GatesOrder> & { gates?: readonly string[] },
  run = runGates,
): Promise<Round> {
  const { gates = [], plan = await planFor(test, gates), ...more } = options;
  const outputs = new Map<string, string>();
  const verdicts = await run({
    ...{ room, repository: test.repository, base: test.base, commit: test.base, plan },
    ...{ environment: {}, allowConfigChanges: [], signal: new AbortController().signal },
    onVerdict: (verdict, output) => void outputs.set(verdict.gate, output.toString()),
    ...more,
  });
  const find = (gate: string) => {
    const verdict = verdicts.find((one) => one.gate === gate);
    if (!verdict) throw new Error(`no verdict of ${gate}`);
    return verdict;
  };
  return { verdicts, of: find, outputOf: (gate) => outputs.get(gate) ?? "" };
}
