// How many MB does the secret scan read in a second, beside the library alone?
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { matchLibrary } from "../../functions/sandbox/secrets/library.ts";
import { scanLimits } from "../../functions/sandbox/secrets/scan-outgoing.ts";
import { openScanner } from "../../functions/sandbox/secrets/scanner.ts";
import { type Bench, type BenchOptions, type Measured, median, rowOf, takeTurns } from "./bench.ts";

const packages = ["hono", "zod", "@aws-sdk/client-dynamodb", "isomorphic-git", "@anthropic-ai/sdk"];

/** Source as people write it and tools bundle it, in the order of its names. */
function readSources(megabytes: number): Buffer[] {
  const sources: Buffer[] = [];
  let left = megabytes * 2 ** 20;
  for (const name of packages) {
    const directory = resolve(import.meta.dirname, "../../node_modules", name);
    for (const path of readdirSync(directory, { recursive: true, encoding: "utf8" }).sort()) {
      if (left <= 0 || !/\.(c?js|mjs|ts|json|md)$/.test(path)) continue;
      const source = readFileSync(join(directory, path));
      sources.push(source);
      left -= source.length;
    }
  }
  return sources;
}

async function scanAll(sources: readonly Buffer[]): Promise<void> {
  const scanner = openScanner(scanLimits, []);
  try {
    for (const source of sources) {
      const answer = await scanner.scan(source);
      if (answer.kind === "unscannable") throw new Error(`not scanned: ${answer.why}`);
    }
  } finally {
    await scanner.close();
  }
}

async function runLibrary(sources: readonly Buffer[]): Promise<void> {
  for (const source of sources) await matchLibrary(source.toString("utf8"));
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [rounds, megabytes] = quick ? [1, 1] : [5, 10];
  const sources = readSources(megabytes);
  const read = sources.reduce((sum, { length }) => sum + length, 0) / 2 ** 20;
  const ways = { all: scanAll, library: runLibrary };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  const taken = await takeTurns(names, rounds, async (name) => {
    const startedAt = performance.now();
    await ways[name](sources);
    return (read / (performance.now() - startedAt)) * 1000;
  });
  const of = (name: keyof typeof ways) => taken.get(name) ?? [];
  const times = `${(median(of("library")) / median(of("all"))).toFixed(1)} × the library's time`;
  const group = "read in a second";
  const rows = [
    rowOf(group, "all rules, in a process of their own, with its start", "MB/s", of("all"), times),
    rowOf(group, "the library's rules alone", "MB/s", of("library")),
  ];
  return { rounds, sizes: { files: sources.length, MB: megabytes }, rows, remarks: [] };
}

export const bench: Bench = {
  name: "secret-scan",
  title: "The secret scan",
  compares: "The scan of what an agent has changed beside the library whose rules it runs and adds to.",
  method: "What is scanned are files of packages, each as new.",
  doesNotShow: "secrets, of which what is scanned here has few; files that are neither text nor base64.",
  measure,
};
