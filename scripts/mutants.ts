// Would the simulation notice if a safeguard were gone? Takes each out in turn, and looks whether a schedule fails.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const patch = new URL("../test/simulation/mutants/patch.ts", import.meta.url);
const list = new URL("../test/simulation/mutants/names.ts", import.meta.url);
const simulation = fileURLToPath(new URL("../test/simulation/main.ts", import.meta.url));
const schedules = process.argv[2] ?? "8000";

interface Trial {
  name: string;
  killedBy: string | undefined;
  /** What it said when it ended otherwise than by a violation. */
  trouble: string | undefined;
}

async function run(args: string[], name?: string): Promise<string> {
  const env = { ...process.env, ...(name ? { DROVER_MUTANT: name } : {}) };
  const child = spawn(process.execPath, ["--no-warnings", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  await new Promise((closed) => child.once("close", closed));
  return output;
}

async function tryMutant(name: string): Promise<Trial> {
  const output = await run(["--import", patch.href, simulation, "--schedules", schedules, "--until-first"], name);
  const killedBy = /^first violation: (.*)$/m.exec(output)?.[1];
  const ended = /\d+ schedules, \d+ violations/.test(output) && !output.includes("not loaded:");
  return { name, killedBy, trouble: ended ? undefined : output.trim().split("\n").slice(0, 8).join(" ") };
}

const names = (await run([fileURLToPath(list)])).trim().split("\n");
const waiting = [...names];
const trials: Trial[] = [];
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const trial = await tryMutant(name);
      trials.push(trial);
      const verdict = trial.trouble ? `NOT TRIED  ${trial.trouble}` : (trial.killedBy ?? "SURVIVED");
      console.log(`${name.padEnd(62)} ${verdict}`);
    }
  }),
);
const killed = trials.filter(({ killedBy, trouble }) => killedBy && !trouble).length;
console.log(`${killed} of ${trials.length} killed`);
if (killed < trials.length) process.exitCode = 1;
