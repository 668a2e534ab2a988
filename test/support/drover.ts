// `drover` as a person or a program runs it: the real binary, in a process of its own, piped or at a terminal.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Answering } from "./stack.ts";

const binary = resolve(import.meta.dirname, "../../scripts/drover.mjs");

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** At a terminal of so many columns, where both streams are one. */
  columns?: number;
  /** Called with everything that was printed so far. */
  onOutput?: (said: string, child: ChildProcess) => void;
}

/** With nothing of this process's environment that could lead it somewhere. */
export async function drover(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, cwd, input, columns, onOutput } = options;
  const command = [process.execPath, binary, ...args];
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
  const [program = "", ...rest] = columns
    ? ["script", "--quiet", "--return", "--command", `stty cols ${columns}; exec ${quoted}`, "/dev/null"]
    : command;
  const home = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", TERM: "xterm", ...env };
  const child = spawn(program, rest, { env: home, ...(cwd ? { cwd } : {}), stdio: ["pipe", "pipe", "pipe"] });
  const ran = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk) => {
      ran[name] += chunk;
      onOutput?.(ran.stdout + ran.stderr, child);
    });
  }
  // At a terminal an end of input would be typed as one.
  if (!columns || input !== undefined) child.stdin.end(input ?? "");
  const [code] = await once(child, "close");
  return { code, ...ran };
}

/** Leads the command to this stack, by the environment. */
export const toStack = ({ local }: Answering) => ({ DROVER_URL: local.url, DROVER_API_KEY: local.apiKey });
