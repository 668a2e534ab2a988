// Does anything become slower when more tasks wait?
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TaskId } from "../../functions/core/ids.ts";
import type { Reads } from "./backlog/count-reads.ts";
import { fillTable } from "./backlog/fill-table.ts";
import { type Look, looks, pageSize } from "./backlog/looks.ts";
import { type Backlog, chooseDisk, openBacklog, startServices } from "./backlog/open-tables.ts";
import {
  type Bench,
  type BenchOptions,
  type Measured,
  median,
  percentile,
  type Row,
  rowOf,
  takeTurns,
} from "./bench.ts";
import { requestFor } from "./stack/life.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { startRememberingRemote } from "./stack/remembering-remote.ts";

/** Of fewer looks the slowest of a hundred is only the slowest. */
const leastForP99 = 100;
const growthAllowed = 1.2;

interface Filled {
  backlog: Backlog;
  anyTask(): TaskId;
}

interface Subject extends Filled {
  look: Look;
}

interface Sample {
  ms: number;
  reads: Reads;
}

async function fill(size: number, repository: string): Promise<Filled> {
  const backlog = await openBacklog(size);
  const answer = await backlog.ask("POST", "/tasks", requestFor(repository));
  const made = (await answer.json()) as { taskId: TaskId };
  const ids = await fillTable(backlog.dynamo, made.taskId, size);
  return { backlog, anyTask: () => ids[Math.floor(Math.random() * ids.length)] ?? made.taskId };
}

async function lookOften({ look, backlog, anyTask }: Subject): Promise<Sample[]> {
  const samples: Sample[] = [];
  const takeAway = await look.prepare?.(backlog);
  for (let n = 0; n < look.times; n += 1) {
    backlog.takeReads();
    const startedAt = performance.now();
    const done = await look.act(backlog, anyTask);
    samples.push({ ms: performance.now() - startedAt, reads: backlog.takeReads() });
    await look.tidy?.(backlog, done);
  }
  await takeAway?.();
  return samples;
}

async function measure({ quick, full }: BenchOptions): Promise<Measured> {
  const sizes = quick ? [1_000, 2_000] : full ? [1_000, 10_000, 100_000, 1_000_000] : [1_000, 10_000, 100_000];
  const rounds = quick ? 1 : full ? 25 : 10;
  const home = mkdtempSync(join(chooseDisk(sizes), "drover-backlog-"));
  const closers: (() => Promise<void>)[] = [];
  try {
    await startServices(home, closers);
    const remote = await startRememberingRemote(makeRepository(join(home, "repository")));
    closers.push(remote.close);
    const filled: Filled[] = [];
    for (const size of sizes) {
      filled.push(await fill(size, remote.url));
      console.error(`a table of ${size.toLocaleString("en")} tasks is filled`);
    }
    const subjects = looks.flatMap((look) => filled.map((one) => ({ ...one, look })));
    const samples = await takeTurns(subjects, rounds, lookOften);
    const of = (look: Look, { backlog }: Filled) =>
      [...samples].flatMap(([one, taken]) => (one.look === look && one.backlog === backlog ? taken.flat() : []));
    return { rounds, sizes: { "tasks at most": sizes.at(-1) ?? 0 }, ...report(filled, of) };
  } finally {
    for (const close of closers.reverse()) await close();
    await rm(home, { recursive: true, force: true });
  }
}

const nameOf = ({ backlog }: Filled) => `${backlog.size.toLocaleString("en")} tasks`;

function report(filled: Filled[], of: (look: Look, one: Filled) => Sample[]): Pick<Measured, "rows" | "remarks"> {
  const [least] = filled;
  if (!least) throw new Error("there is no backlog");
  const timesOf = (look: Look, one: Filled) => of(look, one).map(({ ms }) => ms);
  const growthOf = (look: Look, one: Filled, of: (sample: number[]) => number) =>
    of(timesOf(look, one)) / of(timesOf(look, least));
  const p99 = (sample: number[]) => percentile(sample, 0.99);
  const times = looks.flatMap((look) =>
    filled.map((one) => {
      const sample = timesOf(look, one);
      const slow = `p99 of ${sample.length} looks: ${p99(sample).toFixed(1)} ms`;
      const growth = one === least ? "" : `, ${growthOf(look, one, p99).toFixed(2)} × that of the least`;
      return rowOf(look.name, nameOf(one), "ms", sample, sample.length < leastForP99 ? "" : slow + growth);
    }),
  );
  const more = looks.flatMap((look) => filled.slice(1).map((one) => ({ look, one })));
  const worst = (of: (sample: number[]) => number, pairs: typeof more) => {
    const [first] = pairs
      .map(({ look, one }) => ({ what: `${look.name}, ${nameOf(one)}`, growth: growthOf(look, one, of) }))
      .sort((a, b) => b.growth - a.growth);
    return `${first?.growth.toFixed(2)} × (${first?.what})`;
  };
  const often = more.filter(({ look, one }) => timesOf(look, one).length >= leastForP99);
  const scans = looks.flatMap((look) => filled.flatMap((one) => of(look, one))).filter(hasScan).length;
  return {
    rows: [...times, ...looks.map((look) => readsOf(look, filled, (one) => of(look, one)))],
    remarks: [
      `Beside ${nameOf(least)} the p99 is at most ${worst(p99, often)}, the median at most ${worst(median, more)}; wanted is ${growthAllowed} × at most.`,
      `Scans: ${scans}.`,
    ],
  };
}

const hasScan = ({ reads }: Sample) => reads.requests.has("ScanCommand");

/** Of each table the most that one look has read; where they differ, the range is shown. */
function readsOf(look: Look, filled: Filled[], of: (one: Filled) => Sample[]): Row {
  const most = (count: (reads: Reads) => number) =>
    filled.map((one) => Math.max(...of(one).map(({ reads }) => count(reads))));
  const requests = most(({ requests }) => [...requests.values()].reduce((sum, n) => sum + n, 0));
  const beside = `and ${rangeOf(most(({ items }) => items))} items of the table, by ${rangeOf(requests)} requests of all kinds`;
  const entries = most(({ indexEntries }) => indexEntries);
  return rowOf(
    "read for it, at most, from the least table to the longest",
    look.name,
    "entries of an index",
    entries,
    beside,
  );
}

const rangeOf = (sample: number[]) => [...new Set([Math.min(...sample), Math.max(...sample)])].join(" – ");

export const bench: Bench = {
  name: "backlog",
  title: "A long backlog",
  compares: "What is asked of a table with a thousand waiting tasks, beside the same of tables with more.",
  method: `The tables stand side by side in one local DynamoDB (dynoxide, its tables in one file that lies in memory), filled by BatchWriteItem with the three rows of a task that was submitted, under other ids and times. Each look goes through the API or the flow itself; what it reads is counted by a middleware of the SDK. Every request to the API also reads the caller's key. A page of ${pageSize} tasks reads one entry of the index more than it shows, to know whether there is a next one.`,
  doesNotShow:
    "the times of DynamoDB on AWS: only that the number of requests and of what they read does not depend on the length of the backlog. A million tasks take a quarter of an hour to write, so they are measured when asked for: `npm run bench -- backlog --full`.",
  measure,
};
