// `npm run bench -- NAME… [--quick | --full]`: what do the benches measure, all or those that are named? Each runs in a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benches } from "./benches.ts";
import { pagePath, redrawPage } from "./page.ts";

/** One that hangs must not keep the others from running. */
const longestMs = 10 * 60_000;
const longestFullMs = 6 * 60 * 60_000;

const usage = `npm run bench -- [NAME…] [--quick | --full]

Each NAME is one of: ${Object.keys(benches).join(", ")}. Without a name all are run.
--quick  small sizes, to see whether it works; nothing is kept
--full   also the sizes that take up to hours; a run without it leaves their result as it is`;

function refuse(why: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}

function readArguments() {
  const options = { quick: { type: "boolean" }, full: { type: "boolean" }, help: { type: "boolean" } } as const;
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) refuse(`There is no bench "${unknown.join(", ")}".`);
if (values.quick && values.full) refuse("--quick and --full are two sizes: choose one.");

async function runOne(name: string): Promise<boolean> {
  const args = [
    join(import.meta.dirname, "run-one.ts"),
    name,
    ...(values.quick ? ["--quick"] : values.full ? ["--full"] : []),
  ];
  const timeout = values.full ? longestFullMs : longestMs;
  const child = spawn(process.execPath, args, { stdio: "inherit", timeout, killSignal: "SIGKILL" });
  const [code, signal] = await once(child, "exit");
  if (code !== 0)
    console.error(`The bench ${name} failed (${signal ?? `exit code ${code}`}); its result is as it was.`);
  return code === 0;
}

let failures = 0;
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  if (!(await runOne(name))) failures += 1;
}
if (!values.quick) writeFileSync(pagePath, redrawPage());
process.exitCode = failures === 0 ? 0 : 1;
