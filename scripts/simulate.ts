// How are the production flows run through thousands of bad days? See test/simulation; a process of its own, since its
// flags for V8 keep the garbage of short schedules out of the old generation.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../test/simulation/main.ts", import.meta.url));
const flags = ["--no-warnings", "--max-semi-space-size=64"];
const child = spawn(process.execPath, [...flags, program, ...process.argv.slice(2)], { stdio: "inherit" });
child.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
