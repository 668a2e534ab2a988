// How many tasks does the whole local stack take through their lives, and at what cost, beside BullMQ on Redis?
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type BenchOptions, type Measured, median, rowOf, takeTurns } from "./bench.ts";
import { openMemoryLife } from "./in-memory/live-in-memory.ts";
import { installPackages } from "./peers/install.ts";
import { startRedis } from "./peers/redis.ts";
import { type Done, keepBusy, type Load } from "./peers/users.ts";
import { live } from "./stack/live.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { cpuMsOf } from "./stack/process-usage.ts";
import { startRememberingRemote } from "./stack/remembering-remote.ts";
import { startPuppets } from "./stack/start-puppets.ts";

const packages = { bullmq: "6.7.0", ioredis: "6.0.0" };
const users = [1, 16, 64];
const inMemory = "drover in memory";

interface Sample {
  perSecond: number;
  /** By whose it is; their sum is what a task costs. */
  cpuMs: Record<string, number>;
}

interface Subject {
  name: string;
  users: number;
  take(): Promise<Sample>;
}

const cpuOfTask = ({ cpuMs }: Sample) => Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);

const ofTree = (pid: number) => () => cpuMsOf(pid);
const ofThisProcess = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function sample(cpuMsBy: Record<string, () => number>, act: () => Promise<Done>): Promise<Sample> {
  const before = Object.entries(cpuMsBy).map(([name, read]) => ({ name, read, atMs: read() }));
  const { times, ms } = await act();
  const cpuMs = Object.fromEntries(before.map(({ name, read, atMs }) => [name, (read() - atMs) / times]));
  return { perSecond: (times * 1000) / ms, cpuMs };
}

/** The next word of a peer. */
async function hear<T>(peer: ChildProcess): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const lose = (code: number | null) => reject(new Error(`the peer ended with ${code}`));
  peer.once("message", resolve).once("exit", lose);
  return promise.finally(() => peer.off("message", resolve).off("exit", lose));
}

function ask(peer: ChildProcess, load: Load): Promise<Done> {
  peer.send(load);
  return hear(peer);
}

async function openSubjects(home: string, ms: number, closers: (() => Promise<void>)[]): Promise<Subject[]> {
  const remote = await startRememberingRemote(makeRepository(join(home, "repository")));
  closers.push(remote.close);
  const stack = await startPuppets({ DROVER_SLOTS: "100" });
  closers.push(stack.close);
  const redis = await startRedis(home);
  closers.push(redis.close);
  const installed = await installPackages(join(home, "packages"), packages);
  const script = join(import.meta.dirname, "peers/bullmq.ts");
  const peer = fork(script, [installed, String(redis.port)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  closers.push(async () => {
    if (!peer.connected) return;
    peer.disconnect();
    await once(peer, "exit");
  });
  await hear(peer);
  const ofDrover = { "the stack": ofTree(stack.pid), "users and supervisors": ofThisProcess };
  const ofBullMq = { "producer and worker": ofTree(peer.pid ?? 0), Redis: ofTree(redis.pid) };
  const liveInMemory = await openMemoryLife();
  return [
    ...users.flatMap((n) => [
      {
        name: "drover",
        users: n,
        take: () => sample(ofDrover, () => keepBusy({ users: n, ms }, () => live(stack, remote.url))),
      },
      { name: "BullMQ", users: n, take: () => sample(ofBullMq, () => ask(peer, { users: n, ms })) },
    ]),
    {
      name: inMemory,
      users: 1,
      take: () => sample({ all: ofThisProcess }, () => keepBusy({ users: 1, ms }, liveInMemory)),
    },
  ];
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [rounds, ms] = quick ? [1, 1_000] : [5, 10_000];
  const home = mkdtempSync(join(tmpdir(), "drover-lifecycles-"));
  const closers: (() => Promise<void>)[] = [];
  try {
    const subjects = await openSubjects(home, ms, closers);
    const samples = [...(await takeTurns(subjects, rounds, ({ take }) => take()))];
    return { rounds, sizes: { "ms a turn": ms }, ...report(samples) };
  } finally {
    for (const close of closers.reverse()) await close();
    await rm(home, { recursive: true, force: true });
  }
}

function report(samples: [Subject, Sample[]][]): Pick<Measured, "rows" | "remarks"> {
  const of = (name: string, users: number) =>
    samples.find(([subject]) => subject.name === name && subject.users === users)?.[1] ?? [];
  const speedOf = (name: string, users: number) => of(name, users).map(({ perSecond }) => perSecond);
  const cpuOf = (name: string, users: number) => of(name, users).map(cpuOfTask);
  const rowsOf = (group: string, unit: string, read: typeof speedOf) =>
    users.flatMap((n) => {
      const [ours, theirs] = [read("drover", n), read("BullMQ", n)];
      const times = median(ours) / median(theirs);
      const beside = times < 1 ? `1/${(1 / times).toFixed(0)} of BullMQ` : `${times.toFixed(1)} × BullMQ`;
      return [
        rowOf(group, `drover, ${n} at once`, unit, ours, beside),
        rowOf(group, `BullMQ, ${n} at once`, unit, theirs),
      ];
    });
  const memory = cpuOf(inMemory, 1).map((ms) => 1000 / ms);
  const parts = Object.keys(of("drover", 16)[0]?.cpuMs ?? {}).map((name) => {
    const ms = median(of("drover", 16).map(({ cpuMs }) => cpuMs[name] ?? 0));
    return `${name} ${ms.toFixed(1)} ms`;
  });
  return {
    rows: [
      ...rowsOf("whole lives in a second", "tasks/s", speedOf),
      ...rowsOf("CPU time of one life, of all processes", "ms", cpuOf),
      rowOf("drover's own code alone, in memory", "lives in a second of one core", "tasks/s", memory),
    ],
    remarks: [`Of a task's CPU time with 16 at once: ${parts.join(", ")}.`],
  };
}

export const bench: Bench = {
  name: "lifecycles",
  title: "Lives of tasks",
  compares:
    "The whole local stack beside BullMQ on Redis, which syncs its append-only file at every write. Each user asks for the next task when the one before is over.",
  method: `A life is a submission over HTTP, seven changes of state with their audit events, five calls of a supervisor, and the cleanup; the sandboxes start no process, and only say over HTTP what a supervisor says. BullMQ ${packages.bullmq} adds a job to a queue, and a worker that does nothing completes it. All take turns in each round.`,
  doesNotShow:
    "what a sandbox costs (see the start of an agent), and AWS, where launches are limited to 20 a second. A job of BullMQ has no audit log, no version, no slot and no fence, and its worker is in the process of its producer.",
  measure,
};
