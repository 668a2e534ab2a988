// How are the production flows run through thousands of bad days? See test/simulation; a process of its own, for its
// flags: V8 keeps the garbage of short schedules out of the old generation, and compiles for good what it has seen a few
// hundred times. A run is over before a server, for which its own limits are, would be warm.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../test/simulation/main.ts", import.meta.url));
const flags = [
  "--no-warnings",
  "--max-semi-space-size=64",
  ...["--no-maglev", "--invocation-count-for-turbofan=400", "--minimum-invocations-after-ic-update=50"],
];
const child = spawn(process.execPath, [...flags, program, ...process.argv.slice(2)], { stdio: "inherit" });
child.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
