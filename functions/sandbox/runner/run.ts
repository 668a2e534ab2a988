// How does the runner execute one command and stop it in time?
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Answer, Request, RunResult } from "../protocol.ts";
import { buildEnvironment } from "./environment.ts";
import { passOutput } from "./output.ts";
import type { Run } from "./runs.ts";
import type { Operation, ServeOptions } from "./serve.ts";

type RunRequest = Extract<Request, { kind: "run" }>;
type StartFailure = NonNullable<RunResult["startFailure"]>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

const fullBytes = 64 * 1024;

export async function runCommand(request: RunRequest, operation: Operation, options: ServeOptions): Promise<Answer> {
  const cwd = join(options.workspace, request.cwd);
  if (!(await isFolder(cwd))) return couldNotStart("bad_cwd");
  const run = options.runs.begin();
  try {
    const env = buildEnvironment(process.env, request.env, { ...options, mark: run.mark });
    const started = await start(request.argv, cwd, env);
    if (started.kind === "failed") return couldNotStart(started.why);
    return await follow(started.child, request.timeoutMs, operation, run, options.workspace);
  } finally {
    run.end();
  }
}

async function follow(
  child: Child,
  timeoutMs: number,
  operation: Operation,
  run: Run,
  workspace: string,
): Promise<Answer> {
  const { signal: cancelled, send } = operation;
  const outputs = [passOutput("stdout", child.stdout, send), passOutput("stderr", child.stderr, send)];
  const ended = waitForExit(child);

  // The first cause wins.
  let cause: "timeout" | "cancel" | undefined;
  let killing: Promise<void> | undefined;
  const kill = () => {
    killing ??= run.kill();
    // Its failure is met where it is awaited, below.
    killing.catch(() => undefined);
  };
  const stop = (why: "timeout" | "cancel") => {
    cause ??= why;
    kill();
  };
  run.started(child.pid, () => stop("cancel"));
  const cancel = () => stop("cancel");
  const timer = setTimeout(stop, timeoutMs, "timeout");
  cancelled.addEventListener("abort", cancel, { once: true });
  if (cancelled.aborted) cancel();
  try {
    const { exitCode, signal } = await ended;
    // In time: what is still on its way out of the pipes does not count.
    clearTimeout(timer);
    if (run.leavesNothing) kill();
    for (const output of outputs) await output.settle();
    await killing;
    const result = { exitCode, signal, timedOut: cause === "timeout", cancelled: cause === "cancel" };
    return { kind: "ran", result: { ...result, ...((await isDiskFull(workspace)) && { diskFull: true }) } };
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener("abort", cancel);
  }
}

/** Programs rarely say it in words that people understand. */
async function isDiskFull(workspace: string): Promise<boolean> {
  const { bavail, bsize, ffree, files } = await statfs(workspace);
  return bavail * bsize < fullBytes || (files > 0 && ffree === 0);
}

type Started = { kind: "started"; child: Child } | { kind: "failed"; why: StartFailure };

async function start(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Started> {
  const [program = "", ...args] = argv;
  try {
    // A session of its own, so that a command which signals its process group does not reach the runner.
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    await once(child, "spawn");
    return { kind: "started", child };
  } catch (error) {
    return { kind: "failed", why: toStartFailure(error, program, env.PATH) };
  }
}

/** Listens at once, for a short command has exited before anything else is awaited. */
function waitForExit(child: Child): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    // An error after the start only says that a signal could not be sent.
    child.on("error", () => undefined);
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
}

function toStartFailure(error: unknown, program: string, path = ""): StartFailure {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "not_found";
    case "EACCES":
    case "EPERM":
      return isAbsent(program, path) ? "not_found" : "not_executable";
    case "E2BIG":
      return "too_long";
    case "EAGAIN":
    case "ENOMEM":
    case "EMFILE":
    case "ENFILE":
      return "no_resources";
    default:
      return "other";
  }
}

/** One folder of the PATH that is closed to us makes a missing program look like a forbidden one. */
function isAbsent(program: string, path: string): boolean {
  return !program.includes("/") && !path.split(":").some((folder) => existsSync(join(folder, program)));
}

function couldNotStart(startFailure: StartFailure): Answer {
  return { kind: "ran", result: { exitCode: null, signal: null, timedOut: false, cancelled: false, startFailure } };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Missing, or not ours to enter: the answer says `bad_cwd` for both.
    return false;
  }
}
