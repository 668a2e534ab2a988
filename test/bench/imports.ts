// How long does each function take to load, and the API to answer first, beside the least that it could load?
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { buildFunctions, bundle } from "../../scripts/build-functions.ts";
import { type Bench, type BenchOptions, exactly, type Measured, median, type Row, rowOf, takeTurns } from "./bench.ts";
import { openAsked } from "./first-requests.ts";
import { installNest, leftOut, packages } from "./peers/nest.ts";

/** The runtime's global, which the function that streams asks for as it is loaded. */
const load = `globalThis.awslambda = { streamifyResponse: (handle) => handle };
const [at, so] = [performance.now(), process.cpuUsage()];
await import(process.argv[1]);
const { user, system } = process.cpuUsage(so);
console.log(JSON.stringify({ ms: performance.now() - at, cpuMs: (user + system) / 1000 }))`;

const nestName = "NestJS with BullMQ";
const nestBundled = `${nestName}, bundled as drover is`;
/** By file of `baselines`. */
const baselines = [
  ["hono", "bare Hono"],
  ["api", "least for api"],
  ["dispatcher", "least for dispatcher"],
] as const;

/** The others load no Hono. */
const servesHttp = new Set(["api", "stream", "kill"]);

interface Import {
  ms: number;
  cpuMs: number;
}

interface Subject {
  name: string;
  file: string;
  /** The subject that is the least which this one could load. */
  least?: string;
}

async function importOnce({ file }: Subject): Promise<Import> {
  const args = ["--input-type=module", "-e", load, pathToFileURL(file).href];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

/** Prints the files that an import reads; what is imported later is not among them. */
const listFiles = `import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
globalThis.awslambda = { streamifyResponse: (handle) => handle };
const files = [];
registerHooks({ load(url, context, next) { if (url.startsWith("file:")) files.push(fileURLToPath(url)); return next(url, context); } });
await import(process.argv[1]);
console.log(JSON.stringify(files));`;

async function sizesOf(file: string): Promise<[kb: number, gzippedKb: number]> {
  const args = ["--input-type=module", "-e", listFiles, pathToFileURL(file).href];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const texts = (JSON.parse(stdout) as string[]).map((path) => readFileSync(path));
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0) / 1024;
  return [sum(texts.map(({ length }) => length)), sum(texts.map((text) => gzipSync(text).length))];
}

async function buildSubjects(dir: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const [file, name] of baselines) {
    await bundle({ bundle: resolve(import.meta.dirname, "baselines", `${file}.ts`) }, join(dir, file));
    subjects.push({ name, file: join(dir, file, "bundle.mjs") });
  }
  for (const [name, file] of await buildFunctions()) {
    subjects.push({ name, file, least: `least for ${servesHttp.has(name) ? "api" : "dispatcher"}` });
  }
  const nest = await installNest(join(dir, "nest"));
  await bundle({ bundle: nest }, join(dir, "nest-bundled"), leftOut);
  return [
    ...subjects,
    { name: nestName, file: nest, least: "least for api" },
    { name: nestBundled, file: join(dir, "nest-bundled", "bundle.mjs"), least: "least for api" },
  ];
}

/** Of what is put off until somebody asks, the first who does pays. */
async function measureFirst(subjects: Subject[], rounds: number): Promise<Row[]> {
  const asked = await openAsked();
  try {
    const [least, api] = ["least for api", "api"].map((name) => subjects.find((subject) => subject.name === name));
    if (!least || !api) throw new Error("the API and its least are not among the bundles");
    const first = await takeTurns([least, api], rounds, ({ file }) => asked.askFirst(file));
    const what = { getMs: "a task is read", submitMs: "then one is submitted" };
    return (["getMs", "submitMs"] as const).flatMap((of) => {
      const sampleOf = (subject: Subject) => first.get(subject)?.map((one) => one[of]) ?? [];
      const times = median(sampleOf(api)) / median(sampleOf(least));
      return [least, api].map((subject) =>
        rowOf(
          "CPU time of the first requests",
          `${subject.name}: ${what[of]}`,
          "ms",
          sampleOf(subject),
          subject === api ? `${times.toFixed(1)} × its least` : undefined,
        ),
      );
    });
  } finally {
    await asked.close();
  }
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const rounds = quick ? 2 : 15;
  const dir = mkdtempSync(join(tmpdir(), "drover-imports-"));
  try {
    const subjects = await buildSubjects(dir);
    const imports = await takeTurns(subjects, rounds, importOnce);
    const sampleOf = (subject: Subject | undefined, of: keyof Import) =>
      (subject && imports.get(subject)?.map((one) => one[of])) ?? [];
    const rowsOf = (group: string, of: keyof Import) =>
      subjects.map((subject) => {
        const sample = sampleOf(subject, of);
        const least = subjects.find(({ name }) => name === subject.least);
        const times = median(sample) / median(sampleOf(least, of));
        return rowOf(group, subject.name, "ms", sample, least && `${times.toFixed(1)} × its least`);
      });
    const sizes: Row[] = [];
    for (const { name, file } of subjects) {
      const [kb, gzippedKb] = await sizesOf(file);
      sizes.push(exactly("loaded at once", name, "KB", Math.round(kb), `${Math.round(gzippedKb)} KB gzipped`));
    }
    const firsts = await measureFirst(subjects, rounds);
    const rows = [
      ...rowsOf("CPU time of the import", "cpuMs"),
      ...rowsOf("time of the import", "ms"),
      ...firsts,
      ...sizes,
    ];
    return { rounds, sizes: {}, rows, remarks: describeNest(subjects, imports) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function describeNest(subjects: Subject[], imports: ReadonlyMap<Subject, Import[]>): string[] {
  const cpuMsOf = (name: string) => {
    const subject = subjects.find((one) => one.name === name);
    return median((subject && imports.get(subject)?.map(({ cpuMs }) => cpuMs)) ?? []);
  };
  const times = (name: string) => (cpuMsOf(name) / cpuMsOf("api")).toFixed(1);
  return [
    `NestJS with BullMQ takes ${times(nestName)} × the CPU time of drover's API to load, bundled ${times(nestBundled)} ×, each before its first request`,
  ];
}

export const bench: Bench = {
  name: "imports",
  title: "Loading a function",
  compares:
    "Each function's bundle, as it is uploaded, beside the least that such a function could load: Hono with the clients of DynamoDB and SQS, or where nothing serves HTTP the clients of DynamoDB and ECS; bare Hono; and NestJS on Express with a queue of BullMQ, as npm installs it and bundled as drover is.",
  method:
    `NestJS ${packages["@nestjs/core"]} with BullMQ ${packages.bullmq}. ` +
    "Each import is that of a new process; all take turns in each round. First requests come after it, to the API " +
    "and to the same two requests of the least, which only reads an item, or writes one and sends a message; table, " +
    "queue and secrets are the local stack's.",
  doesNotShow: "a cold start on AWS, which also fetches the code and starts Node, on slower CPUs and with other disks.",
  measure,
};
