// What does drover take of a machine's memory, and does it give everything back?
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bench, type BenchOptions, exactly, type Measured, median, type Row, rowOf, takeTurns } from "./bench.ts";
import { type Look, soakPuppets, soakSandboxes } from "./memory/soak.ts";
import { type LoadName, loads, type Weighed, weighAgents } from "./memory/weigh-agents.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { pssMbOf, treeOf } from "./stack/process-usage.ts";
import { startRememberingRemote } from "./stack/remembering-remote.ts";
import { startPuppets } from "./stack/start-puppets.ts";
import { startStack } from "./stack/start-stack.ts";

interface Sizes {
  rounds: number;
  agents: number;
  /** Tasks that come and go, with real sandboxes and without. */
  tasks: number;
  lives: number;
  settleMs: number;
}

const usual: Sizes = { rounds: 3, agents: 4, tasks: 60, lives: 1_500, settleMs: 6_000 };
const small: Sizes = { rounds: 1, agents: 1, tasks: 10, lives: 100, settleMs: 2_000 };

async function measure({ quick, full }: BenchOptions): Promise<Measured> {
  const sizes = quick ? small : full ? { ...usual, tasks: 10_000, lives: 10_000 } : usual;
  const { rounds, agents, tasks, lives } = sizes;
  const home = mkdtempSync(join(tmpdir(), "drover-memory-"));
  const repository = makeRepository(join(home, "repository"));
  try {
    const real = await weighStack(join(home, "data"), repository, sizes);
    const puppets = await soakWithoutSandboxes(repository, lives);
    return {
      rounds,
      full,
      sizes: { "agents at once": agents, "tasks in sandboxes": tasks, "tasks without": lives },
      rows: [
        ...real.rows,
        ...showSoak(`${tasks} tasks in sandboxes`, real.looks),
        ...showSoak(`${lives} lives without sandboxes`, puppets),
      ],
      remarks: [
        `Of the stack's live heap each task that has ended holds ${perTask(puppets, "live heap, MB").toFixed(1)} KB, for the hour in which its ECS still shows it, as that of AWS does; on disk it keeps ${perTask(real.looks, "data on disk, MB").toFixed(0)} KB: its rows, its log and its diff.`,
      ],
    };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function weighStack(dataDir: string, repository: string, { rounds, agents, tasks, settleMs }: Sizes) {
  const stack = await startStack(dataDir, { DROVER_REQUESTS_PER_MINUTE: "1000000" });
  try {
    await pause(settleMs);
    const [own, ...others] = treeOf(stack.pid);
    const rest = [
      exactly(
        "the local stack at rest",
        "drover: all functions, the stand-ins, the dashboard",
        "MB",
        pssMbOf([own ?? 0]),
      ),
      exactly("the local stack at rest", "its DynamoDB (dynoxide)", "MB", pssMbOf(others)),
    ];
    const names = Object.keys(loads) as LoadName[];
    const weighed = await takeTurns(names, rounds, (name) => weighAgents(stack, repository, name, agents, settleMs));
    const looks = await soakSandboxes(stack, repository, tasks);
    return { rows: [...rest, ...names.flatMap((name) => showAgents(name, weighed.get(name) ?? []))], looks };
  } finally {
    await stack.close();
  }
}

async function soakWithoutSandboxes(repository: string, lives: number): Promise<Look[]> {
  const remote = await startRememberingRemote(repository);
  const stack = await startPuppets({ DROVER_SLOTS: "20" });
  try {
    return await soakPuppets(stack, remote.url, lives);
  } finally {
    await stack.close();
    await remote.close();
  }
}

function showAgents(name: LoadName, weighed: Weighed[]): Row[] {
  const of = (part: keyof Weighed) => weighed.map((one) => one[part]);
  return [
    rowOf("each agent, of several at once", `supervisor, ${name} agent`, "MB", of("supervisorMb")),
    rowOf("each agent, of several at once", `the rest of its sandbox, ${name} agent`, "MB", of("restMb")),
  ];
}

/** The first tenth warms it up, so it is the second look that the last one stands beside. */
function showSoak(group: string, [, ...looks]: Look[]): Row[] {
  return Object.keys(looks[0]?.values ?? {}).map((what) => {
    const sample = looks.map(({ values }) => values[what] ?? Number.NaN);
    const [first = 0, last = 0] = [sample.at(0), sample.at(-1)];
    return rowOf(group, what, "", sample, `${first.toFixed(1)} after a tenth, ${last.toFixed(1)} at the end`);
  });
}

/** In KB, over the second half: by then whatever is made once is there. */
function perTask(looks: Look[], what: string): number {
  const half = looks.slice(Math.floor(looks.length / 2));
  const steps = half.slice(1).map((look, n) => {
    const before = half[n] ?? look;
    return ((look.values[what] ?? 0) - (before.values[what] ?? 0)) / (look.tasks - before.tasks);
  });
  return median(steps) * 1024;
}

export const bench: Bench = {
  name: "memory",
  title: "Memory, and what is left behind",
  compares:
    "An agent that waits beside one that works; and the stack itself after few tasks beside the same after many.",
  method:
    "Memory is PSS: what a process has for itself, and its part of what it shares. The idle agent sleeps, the busy one prints twenty lines a second and writes files. In the soaks nothing is under way when it is looked at: real sandboxes each clone, change a file and push; for the many more without sandboxes only their words are said over HTTP. The live heap is what is in use after a collection, which each look at a soak begins with.",
  doesNotShow:
    "what V8 holds in reserve, which is most of drover's memory beside its live heap: V8 grows its heap and gives it back when it likes. A model agent, whose conversation lies in its supervisor's memory, and builds or tests, which take what they take. `npm run bench -- memory --full` soaks with 10,000 tasks each, for hours.",
  measure,
};
