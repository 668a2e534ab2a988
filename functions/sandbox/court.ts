// Where are the gates of an attempt heard? In one clean room, by what the base branch says, round after round.
import type { VerdictReport } from "../core/quality.ts";
import type { Failure } from "../core/task.ts";
import type { Verdict } from "../core/verdicts.ts";
import type { Repository } from "../git/objects.ts";
import type { ChangedWork } from "./collect-work.ts";
import { type GatePlan, planGates, whyHopeless } from "./gates/plan.ts";
import type { GatesRoom } from "./gates/room.ts";
import { longestRunMs, measureBase } from "./gates/run-gates.ts";
import type { Attempt } from "./run-attempt.ts";
import { uploadArtifact } from "./upload.ts";

export interface Court {
  /** Anew each round: the base may have moved. */
  plan(repository: Repository): Promise<{ kind: "planned"; plan: GatePlan } | { kind: "failed"; failure: Failure }>;
  /** Begins to count the tests of the base, while the agent works. */
  prepare(repository: Repository, plan: GatePlan): void;
  /** With the tests of this very base: counted anew when it has moved. A step of its own, which may take long. */
  open(repository: Repository, plan: GatePlan): Promise<{ room: GatesRoom; baseTests: number | undefined }>;
  /** The evidence, for people and for coordinators outside. */
  record(work: ChangedWork, plan: GatePlan, verdicts: Verdict[]): Promise<void>;
  close(): Promise<void>;
}

export function openCourt(attempt: Attempt): Court {
  const { answer, commandEnvironment: environment, heartbeat, log } = attempt;
  let room: Promise<GatesRoom> | undefined;
  let measured: { base: string; tests: Promise<number | undefined> } | undefined;
  let round = 0;

  const enter = () => {
    room ??= attempt.openGates();
    return room;
  };

  async function measure(repository: Repository, plan: GatePlan): Promise<number | undefined> {
    const signal = new AbortController().signal;
    const base = repository.baseCommit;
    const order = { room: await enter(), repository, base, plan, environment, signal };
    const { baseTests, verdicts } = await measureBase(order);
    const bad = verdicts.find(({ outcome }) => outcome !== "passed");
    if (baseTests !== undefined) log.note(`${baseTests} tests pass on the base`);
    else if (bad) log.note(`the tests of the base cannot be counted: ${bad.gate} ${bad.outcome}, ${bad.actual}`);
    return baseTests;
  }

  /** After what is measured there already: the room holds one tree. Its failure is no verdict; the gates give theirs. */
  function beginMeasuring(repository: Repository, plan: GatePlan): Promise<number | undefined> {
    const before = measured?.tests;
    const tests = (async () => {
      await before;
      return measure(repository, plan);
    })().catch((error: unknown) => {
      log.note(`the tests of the base cannot be counted: ${error instanceof Error ? error.message : error}`);
      return undefined;
    });
    measured = { base: repository.baseCommit, tests };
    return tests;
  }

  return {
    async plan(repository) {
      const planned = await planGates(repository, repository.baseCommit, answer.gates);
      if (planned.kind === "planned") return planned;
      return { kind: "failed", failure: { class: "poison", message: planned.why } };
    },
    prepare(repository, plan) {
      if (plan.commands.length > 0 && !answer.yolo) void beginMeasuring(repository, plan);
    },
    async open(repository, plan) {
      const isCounted = measured?.base === repository.baseCommit;
      heartbeat.enter("counting the tests of the base", (isCounted ? 1 : 2) * longestRunMs(plan));
      const baseTests = await (isCounted ? measured?.tests : beginMeasuring(repository, plan));
      return { room: await enter(), baseTests };
    },
    async record({ commit, diff }, { expected: gates }, verdicts) {
      round += 1;
      if (gates.length === 0 && verdicts.length === 0) return;
      const report: VerdictReport = { commit, round, gates, verdicts, paths: diff.files.map(({ path }) => path) };
      await uploadArtifact(answer.uploads.verdicts, Buffer.from(JSON.stringify(report)));
    },
    async close() {
      await (await room?.catch(() => undefined))?.close();
    },
  };
}

/** Worth knowing before any work is paid for: gates that no work can pass. */
export function refuseHopeless(attempt: Attempt, plan: GatePlan): Failure | undefined {
  const why = attempt.answer.yolo ? undefined : whyHopeless(plan);
  return why === undefined ? undefined : { class: "poison", message: why };
}
