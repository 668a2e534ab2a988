// How long from a submission until the agent's first instruction, beside the sandbox alone and a plain process?
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { ContainerRuntime } from "../../infra/local/containers.ts";
import { chooseIsolation } from "../../infra/local/isolation-choice.ts";
import { readLimits } from "../../infra/local/limit-settings.ts";
import { prepareFolder, removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { ensureImage } from "../../infra/local/sandbox/image.ts";
import { createRuntime } from "../../infra/local/sandbox/runtime.ts";
import { sharedImageDir } from "../support/image-dir.ts";
import { type Bench, type BenchOptions, compare, type Measured, median, now, rowOf } from "./bench.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { runCommand } from "./stack/run-task.ts";
import { type Stack, startStack } from "./stack/start-stack.ts";

/** An agent's first instruction: it says when that was, in milliseconds. */
const firstInstruction = ["sh", "-c", "echo began $(date +%s.%N)"];
const beganAt = (text: string) => Number(/^.*began (\d+\.\d+)$/m.exec(text)?.[1] ?? Number.NaN) * 1000;

interface Task {
  attempts: { claimedAt?: string; startedAt?: string }[];
}

/** Each part in ms since the submission. */
interface Started {
  claimed: number;
  supervisor: number;
  agent: number;
}

async function startThroughDrover(stack: Stack, repository: string): Promise<Started> {
  const submittedAt = now();
  const taskId = await runCommand(stack, repository, firstInstruction);
  const task = (await (await stack.ask("GET", `/tasks/${taskId}`)).json()) as Task;
  const log = await (await stack.ask("GET", `/tasks/${taskId}/log`)).text();
  const [attempt] = task.attempts;
  const sinceSubmission = (at = "") => Date.parse(at) - submittedAt;
  return {
    claimed: sinceSubmission(attempt?.claimedAt),
    supervisor: sinceSubmission(attempt?.startedAt),
    agent: beganAt(log) - submittedAt,
  };
}

let sandboxes = 0;

/** The namespaces, the disk, the limits and the lesser user that an agent's workspace gets, and nothing of drover in it. */
async function startSandbox(runtime: ContainerRuntime, base: string): Promise<number> {
  const folder = { root: join(base, "floors", String(sandboxes++)) };
  await prepareFolder(folder);
  const startedAt = now();
  const container = await runtime.start(
    {
      ...{ name: "workspace", essential: true, environment: {}, confined: true },
      command: firstInstruction,
      limits: readLimits(process.env),
    },
    folder,
  );
  await container.exited;
  const took = beganAt(readFileSync(join(folder.root, "workspace.log"), "utf8")) - startedAt;
  await runtime.remove(folder);
  return took;
}

async function startProcess(): Promise<number> {
  const startedAt = now();
  const [program = "", ...args] = firstInstruction;
  const { stdout } = await promisify(execFile)(program, args);
  return beganAt(stdout) - startedAt;
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const rounds = quick ? 2 : 20;
  const home = mkdtempSync(join(tmpdir(), "drover-start-"));
  const repository = makeRepository(join(home, "repository"));
  const base = sandboxBase(home);
  const stack = await startStack(join(home, "data"), { DROVER_REQUESTS_PER_MINUTE: "1000000" });
  try {
    const { isolation, keepers } = await chooseIsolation(
      { allowUnconfined: false, limits: readLimits(process.env) },
      () => undefined,
    );
    if (isolation.kind !== "confined")
      throw new Error("Nothing can be confined on this machine: `npm run doctor` says why.");
    const image = await ensureImage(sandboxBase(resolve(sharedImageDir)));
    const runtime = createRuntime({ image, diesWithParent: true, keepers });
    const { drover, sandbox, plain } = await compare(
      {
        drover: () => startThroughDrover(stack, repository),
        sandbox: () => startSandbox(runtime, base),
        plain: startProcess,
      },
      rounds,
    );
    const partsOf = (part: keyof Started) => drover.map((started) => started[part]);
    const partOf = (what: string, part: keyof Started) =>
      rowOf("of a task, since its submission", what, "ms", partsOf(part));
    const agent = partsOf("agent");
    const overhead = median(agent) - median(sandbox);
    const group = "until the first instruction";
    const timesFloor = `${(median(agent) / median(sandbox)).toFixed(1)} × the sandbox alone`;
    const timesProcess = `${(median(sandbox) / median(plain)).toFixed(1)} × a plain process`;
    return {
      rounds,
      sizes: {},
      rows: [
        rowOf(group, "a task: from its submission", "ms", agent, timesFloor),
        rowOf(group, "the same sandbox by itself", "ms", sandbox, timesProcess),
        rowOf(group, "a plain process", "ms", plain),
        partOf("claimed", "claimed"),
        partOf("its supervisor has its task", "supervisor"),
        partOf("cloned, unpacked, begun", "agent"),
      ],
      remarks: [`drover takes ${overhead.toFixed(0)} ms more than its sandbox`],
    };
  } finally {
    await stack.close();
    await removeTree(base);
    rmSync(home, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  name: "start",
  title: "From a submission to the agent's first instruction",
  compares:
    "A task of the local stack, on a repository with one file; the sandbox that its agent gets, started by itself; and a process without any wall.",
  method:
    "The first instruction is a shell's that prints the time. Of each task nothing is left, neither its sandbox nor anything that drover had to clean up, before the next thing is started.",
  doesNotShow:
    "Fargate, where the image is fetched and a machine is found first, which takes tens of seconds; a model's first word.",
  measure,
};
