// How long does each function take to load, beside the least that it could load? `npm run bench -- imports`
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { buildFunctions, bundle } from "../../scripts/build-functions.ts";

const rounds = Number(process.env.DROVER_BENCH_ROUNDS ?? 15);
const dir = mkdtempSync(join(tmpdir(), "drover-imports-"));
/** The runtime's global, which the function that streams asks for as it is loaded. */
const load = `globalThis.awslambda = { streamifyResponse: (handle) => handle };
const [at, so] = [performance.now(), process.cpuUsage()];
await import(process.argv[1]);
const { user, system } = process.cpuUsage(so);
console.log(JSON.stringify({ ms: performance.now() - at, cpuMs: (user + system) / 1000 }))`;

interface Import {
  ms: number;
  cpuMs: number;
}

interface Subject {
  name: string;
  file: string;
  imports: Import[];
}

async function importOnce(file: string): Promise<Import> {
  const args = ["--input-type=module", "-e", load, pathToFileURL(file).href];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

const median = (sample: number[]) => sample.toSorted((a, b) => a - b)[Math.floor(sample.length / 2)] ?? Number.NaN;
const medianOf = ({ imports }: Subject, of: keyof Import) => median(imports.map((one) => one[of]));

/** Of all that is loaded at once: what is imported later is not. */
function sizesOf(file: string): [kb: number, gzippedKb: number] {
  const files = new Set<string>();
  const read = (path: string) => {
    if (files.has(path)) return;
    files.add(path);
    const statics = readFileSync(path, "utf8").matchAll(/(?:\bfrom|\bimport)"(\.\/[^"]+\.mjs)"/g);
    for (const [, other = ""] of statics) read(join(dirname(path), other));
  };
  read(file);
  const texts = [...files].map((path) => readFileSync(path));
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0) / 1024;
  return [sum(texts.map(({ length }) => length)), sum(texts.map((text) => gzipSync(text).length))];
}

async function measureAll(): Promise<void> {
  const subjects: Subject[] = [];
  for (const name of ["api", "dispatcher"]) {
    await bundle({ bundle: resolve(import.meta.dirname, "baselines", `${name}.ts`) }, join(dir, name));
    subjects.push({ name: `least for ${name}`, file: join(dir, name, "bundle.mjs"), imports: [] });
  }
  for (const [name, file] of await buildFunctions()) subjects.push({ name, file, imports: [] });
  // One after the other in each round, so that a slow moment of the machine is everybody's.
  for (let n = 0; n <= rounds; n += 1) {
    for (const subject of subjects) {
      const one = await importOnce(subject.file);
      // The first round fills the caches of the disk.
      if (n > 0) subject.imports.push(one);
    }
  }
  const leastOf = (name: string): number => {
    const least = subjects.find((one) => one.name === `least for ${name === "dispatcher" ? name : "api"}`);
    return least ? medianOf(least, "cpuMs") : Number.NaN;
  };
  console.log(`Import, medians of ${rounds} interleaved runs, Node ${process.version}; the ratio is of CPU time:`);
  for (const subject of subjects) {
    const { name, file } = subject;
    const [ms, cpuMs] = [medianOf(subject, "ms"), medianOf(subject, "cpuMs")].map((n) => n.toFixed(0).padStart(5));
    const [kb, gzipped] = sizesOf(file).map((size) => size.toFixed(0).padStart(5));
    const ratio = name.startsWith("least")
      ? ""
      : `  ${(medianOf(subject, "cpuMs") / leastOf(name)).toFixed(2)} × its least`;
    console.log(`  ${name.padEnd(22)}${ms} ms  ${cpuMs} ms CPU  ${kb} KB  ${gzipped} KB gzipped${ratio}`);
  }
}

export const measure = () => measureAll().finally(() => rmSync(dir, { recursive: true, force: true }));
