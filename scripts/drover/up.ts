// `drover up`: the whole system on this machine, in a process of its own, as `npm start` runs it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "@commander-js/extra-typings";
import { exitCodes } from "../../clients/cli/exit-codes.ts";
import { parseCount } from "../../clients/cli/inputs.ts";

const startScript = fileURLToPath(new URL(`../start${extname(import.meta.filename)}`, import.meta.url));

export const upCommand = () =>
  new Command("up")
    .summary("Runs the whole system on this machine")
    .description("Runs the whole system on this machine until Ctrl-C, with its data in .drover/")
    .option("--port <number>", "port of the API on 127.0.0.1 (default: 8787)", parseCount)
    .option("--data <path>", "data directory (default: .drover)")
    .option("--allow-unconfined", "where agents cannot be confined, run them without isolation and mark their tasks")
    .addHelpText("after", "\nExample:\n  drover up --port 9000")
    .action(async ({ port, data, allowUnconfined }) => {
      const args = [
        ...(port === undefined ? [] : ["--port", String(port)]),
        ...(data === undefined ? [] : ["--data", data]),
        ...(allowUnconfined ? ["--allow-unconfined"] : []),
      ];
      const stack = spawn(process.execPath, [startScript, ...args], { stdio: "inherit" });
      // A terminal's Ctrl-C reaches both: the stack ends by it, and we wait for that. The others reach only us.
      process.on("SIGINT", () => undefined);
      for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => stack.kill(signal));
      const [code] = await once(stack, "exit");
      process.exitCode = code ?? exitCodes.failed;
    });
