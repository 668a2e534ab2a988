// How many MB does the secret scan read in a second, beside the library alone?
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { matchLibrary } from "../../functions/sandbox/secrets/library.ts";
import { scanLimits } from "../../functions/sandbox/secrets/scan-outgoing.ts";
import { openScanner } from "../../functions/sandbox/secrets/scanner.ts";
import { plant } from "../sandbox/secrets/planted.ts";
import { type Bench, type BenchOptions, compare, type Measured, median, rowOf } from "./bench.ts";

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

/** How much was found in the last of them. */
async function scanAll(sources: readonly Buffer[]): Promise<number> {
  const scanner = openScanner(scanLimits, []);
  let found = 0;
  try {
    for (const source of sources) {
      const answer = await scanner.scan(source);
      if (answer.kind === "unscannable") throw new Error(`not scanned: ${answer.why}`);
      found = answer.findings.length;
    }
  } finally {
    await scanner.close();
  }
  return found;
}

async function runLibrary(sources: readonly Buffer[]): Promise<number> {
  let found = 0;
  for (const source of sources) found = (await matchLibrary(source.toString("utf8"))).length;
  return found;
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const [rounds, megabytes] = quick ? [1, 1] : [5, 10];
  const sources = readSources(megabytes);
  const read = sources.reduce((sum, { length }) => sum + length, 0) / 2 ** 20;
  const planted = Buffer.from(plant("github personal token").text);
  const mbPerSecond = async (scan: typeof scanAll) => {
    const startedAt = performance.now();
    const found = await scan([...sources, planted]);
    if (found === 0) throw new Error("The token that stands behind all else was not found.");
    return (read / (performance.now() - startedAt)) * 1000;
  };
  const { all, library } = await compare(
    { all: () => mbPerSecond(scanAll), library: () => mbPerSecond(runLibrary) },
    rounds,
  );
  const times = `${(median(library) / median(all)).toFixed(1)} × the library's time`;
  const group = "read in a second";
  const rows = [
    rowOf(group, "all rules, in a process of their own, with its start", "MB/s", all, times),
    rowOf(group, "the library's rules alone", "MB/s", library),
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
