// Does anything become slower when more tasks wait?
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Reads } from "./backlog/count-reads.ts";
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
import { show } from "./page.ts";
import { makeRepository } from "./stack/make-repository.ts";
import { startRememberingRemote } from "./stack/remembering-remote.ts";

/** Of fewer looks the slowest of a hundred is only the slowest. */
const leastForP99 = 100;
const growthAllowed = 1.2;

interface Subject {
  backlog: Backlog;
  look: Look;
}

interface Sample {
  ms: number;
  reads: Reads;
}

async function lookOften({ look, backlog }: Subject): Promise<Sample[]> {
  const samples: Sample[] = [];
  const takeAway = await look.prepare?.(backlog);
  for (let n = 0; n < look.times; n += 1) {
    backlog.takeReads();
    const startedAt = performance.now();
    const done = await look.act(backlog);
    samples.push({ ms: performance.now() - startedAt, reads: backlog.takeReads() });
    await look.tidy?.(backlog, done);
  }
  await takeAway?.();
  return samples;
}

async function measure({ quick, full }: BenchOptions): Promise<Measured> {
  const least = 1_000;
  const longer = quick ? [2_000] : full ? [10_000, 100_000, 1_000_000] : [10_000, 100_000];
  const rounds = quick ? 1 : full ? 25 : 10;
  const tables = [
    ...[nameOf(least), `${show(least)} others`].map((name) => ({ name, size: least })),
    ...longer.map((size) => ({ name: nameOf(size), size })),
  ];
  const home = mkdtempSync(join(chooseDisk(tables.map(({ size }) => size)), "drover-backlog-"));
  const closers: (() => Promise<void>)[] = [];
  try {
    await startServices(home, closers);
    const remote = await startRememberingRemote(makeRepository(join(home, "repository")));
    closers.push(remote.close);
    const backlogs: Backlog[] = [];
    for (const { name, size } of tables) {
      backlogs.push(await openBacklog(name, size, remote.url));
      console.error(`a table of ${name} is filled`);
    }
    const subjects = looks.flatMap((look) => backlogs.map((backlog) => ({ backlog, look })));
    const samples = await takeTurns(subjects, rounds, lookOften);
    const of = (look: Look, backlog: Backlog) =>
      [...samples].flatMap(([one, taken]) => (one.look === look && one.backlog === backlog ? taken.flat() : []));
    return { rounds, full, sizes: { "tasks at most": longer.at(-1) ?? least }, ...report(backlogs, of) };
  } finally {
    for (const close of closers.reverse()) await close();
    await rm(home, { recursive: true, force: true });
  }
}

const nameOf = (size: number) => `${show(size)} tasks`;

/** The first two are as long: how far they are apart is chance. */
function report(backlogs: Backlog[], of: (look: Look, one: Backlog) => Sample[]): Pick<Measured, "rows" | "remarks"> {
  const [least, control, ...longer] = backlogs;
  if (!least || !control) throw new Error("there is no backlog to hold others against");
  const timesOf = (look: Look, one: Backlog) => of(look, one).map(({ ms }) => ms);
  const growthOf = (look: Look, one: Backlog, of: (sample: number[]) => number) =>
    of(timesOf(look, one)) / of(timesOf(look, least));
  const p99 = (sample: number[]) => percentile(sample, 0.99);
  const times = looks.flatMap((look) =>
    backlogs.map((one) => {
      const sample = timesOf(look, one);
      const slow = `p99 of ${sample.length} looks: ${p99(sample).toFixed(1)} ms`;
      const growth = one === least ? "" : `, ${growthOf(look, one, p99).toFixed(2)} × that of the first`;
      return rowOf(look.name, one.name, "ms", sample, sample.length < leastForP99 ? "" : slow + growth);
    }),
  );
  const worst = (of: (sample: number[]) => number, among: Backlog[], leastLooks = 1) => {
    const [first] = looks
      .flatMap((look) => among.map((one) => ({ look, one })))
      .filter(({ look, one }) => timesOf(look, one).length >= leastLooks)
      .map(({ look, one }) => ({ what: `${look.name}, ${one.name}`, growth: growthOf(look, one, of) }))
      .sort((a, b) => b.growth - a.growth);
    return first ? `${first.growth.toFixed(2)} × (${first.what})` : "unknown, of so few looks";
  };
  const compare = (among: Backlog[]) =>
    `the p99 is at most ${worst(p99, among, leastForP99)}, the median at most ${worst(median, among)}`;
  const scans = looks.flatMap((look) => backlogs.flatMap((one) => of(look, one))).filter(hasScan).length;
  return {
    rows: [...times, ...looks.map((look) => readsOf(look, backlogs, (one) => of(look, one)))],
    remarks: [
      `Chance alone: beside ${least.name}, of ${control.name} ${compare([control])}.`,
      `Beside ${least.name}, of longer tables ${compare(longer)}; wanted is ${growthAllowed} × at most.`,
      `Scans: ${scans}.`,
    ],
  };
}

const hasScan = ({ reads }: Sample) => reads.requests.has("ScanCommand");

/** Of each table the most that one look has read; where they differ, the range is shown. */
function readsOf(look: Look, backlogs: Backlog[], of: (one: Backlog) => Sample[]): Row {
  const most = (count: (reads: Reads) => number) =>
    backlogs.map((one) => Math.max(...of(one).map(({ reads }) => count(reads))));
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
  compares:
    "What is asked of a table with a thousand waiting tasks, beside the same of tables with more, and of another one with as many, which shows what is chance.",
  method: `The tables stand side by side in one local DynamoDB (dynoxide, its tables in one file that lies in memory), filled by BatchWriteItem with the three rows of a task that was submitted, under other ids and times; what a look has claimed and ended is filled up again. Each look goes through the API or the flow itself, that of the feed through the code behind its stream; what it reads is counted by a middleware of the SDK. Every request to the API also reads the caller's key. A page of ${pageSize} tasks reads one entry of the index more than it shows, to know whether there is a next one.`,
  doesNotShow:
    "the times of DynamoDB on AWS: only that the number of requests and of what they read does not depend on the length of the backlog. A million tasks take a quarter of an hour to write, so they are measured when asked for: `npm run bench -- backlog --full`.",
  measure,
};
