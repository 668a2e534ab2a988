// Would the simulation notice if a safeguard were gone? Takes each out in turn, and looks whether a schedule fails.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const patch = new URL("../test/simulation/mutants/patch.ts", import.meta.url);
const list = new URL("../test/simulation/mutants/names.ts", import.meta.url);
const simulation = fileURLToPath(new URL("../test/simulation/main.ts", import.meta.url));
/** A run that came to nothing, because the machine had no memory for it, say, is made once more. */
const runsOfOne = 2;

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "24000" },
    /** Only mutants whose name holds this. */
    only: { type: "string", default: "" },
  },
});

type Verdict =
  | { kind: "killed"; schedules: number; by: string }
  | { kind: "survived"; schedules: number }
  /** It says nothing about the safeguard: the run itself did not come to its end. */
  | { kind: "inconclusive"; why: string };

interface Run {
  output: string;
  end: string;
}

async function run(args: string[], name?: string): Promise<Run> {
  const env = { ...process.env, ...(name === undefined ? {} : { DROVER_MUTANT: name }) };
  const child = spawn(process.execPath, ["--no-warnings", "--max-semi-space-size=64", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const end = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return { output, end };
}

/** Undefined: the code as it is. */
async function tryOnce(mutant: string | undefined): Promise<Verdict> {
  const preload = mutant === undefined ? [] : ["--import", patch.href];
  const args = [...preload, simulation, "--schedules", values.schedules, "--until-first"];
  const { output, end } = await run(args, mutant);
  const summary = /^(\d+) schedules, \d+ violations/m.exec(output);
  if (!summary || output.includes("not loaded:")) {
    const said = output.trim().split("\n").slice(0, 8).join(" ");
    return { kind: "inconclusive", why: `${end}; ${said || "it said nothing"}` };
  }
  const schedules = Number(summary[1]);
  const by = /^first violation: (.*)$/m.exec(output)?.[1];
  return by === undefined ? { kind: "survived", schedules } : { kind: "killed", schedules, by };
}

async function tryIt(mutant: string | undefined): Promise<Verdict> {
  for (let n = 1; ; n += 1) {
    const verdict = await tryOnce(mutant);
    if (verdict.kind !== "inconclusive" || n >= runsOfOne) return verdict;
  }
}

function say(verdict: Verdict): string {
  switch (verdict.kind) {
    case "killed":
      return `killed after ${verdict.schedules} schedules (${verdict.by})`;
    case "survived":
      return `SURVIVED ${verdict.schedules} schedules`;
    case "inconclusive":
      return `INCONCLUSIVE: ${verdict.why}`;
  }
}

const report = (name: string, verdict: Verdict) => console.log(`${name.padEnd(76)} ${say(verdict)}`);

const listed = (await run([fileURLToPath(list)])).output.trim().split("\n");
const names = listed.filter((name) => name.includes(values.only));
const control = await tryIt(undefined);
report("nothing taken out: the same seeds", control);

const waiting = [...names];
const verdicts: Verdict[] = [];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const verdict = await tryIt(name);
      verdicts.push(verdict);
      report(name, verdict);
    }
  }),
);
const killed = verdicts.flatMap((verdict) => (verdict.kind === "killed" ? [verdict.schedules] : []));
const inconclusive = verdicts.filter(({ kind }) => kind === "inconclusive").length;
const median = killed.sort((a, b) => a - b)[Math.floor(killed.length / 2)] ?? 0;
console.log(`half of those that were killed needed ${median} schedules or fewer, the last one ${killed.at(-1) ?? 0}`);
if (inconclusive > 0) console.log(`${inconclusive} runs came to nothing: try them again with --only`);
if (control.kind !== "survived") console.log("the code as it is does not pass: nothing is proved");
console.log(`${killed.length} of ${verdicts.length} killed`);
const isProof = control.kind === "survived" && verdicts.length > 0 && killed.length === verdicts.length;
process.exitCode = isProof ? 0 : 1;
