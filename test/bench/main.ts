// `npm run bench -- NAME… [--quick | --full]`: what do the benches measure, all or those that are named? Each runs in a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benches } from "./benches.ts";
import { pagePath, redrawPage } from "./page.ts";

/** Of all together a quarter of an hour is expected; one that hangs must not keep the others from running. */
const longestMs = 10 * 60_000;
const longestFullMs = 6 * 60 * 60_000;

const sizes = { quick: { type: "boolean" }, full: { type: "boolean" } } as const;
const { values, positionals } = parseArgs({ options: sizes, allowPositionals: true });
const unknown = positionals.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench "${unknown.join(", ")}". Choose of: ${Object.keys(benches).join(", ")}.`);
  process.exit(2);
}

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
