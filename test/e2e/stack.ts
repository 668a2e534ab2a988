// A whole stack in a process of its own, with the dashboard: it can go away and come back, as on anybody's machine.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll } from "vitest";
import { ask, type Drover, openDrover, type Task } from "../../clients/client.ts";
import { dashboardDir } from "../../scripts/build-dashboard.ts";
import { type Answering, until } from "../support/stack.ts";
import { serveWebsite } from "./website.ts";

export interface DashboardStack extends Answering {
  url: string;
  apiKey: string;
  drover: Drover;
  /** The address of a website's repository, to make tasks for. */
  repository: string;
  submit(script: string, change?: Record<string, unknown>): Promise<string>;
  untilStatus(taskId: string, status: Task["status"]): Promise<Task>;
  /** `kill -9`: nothing is said to anybody. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

export function useDashboardStack(settings: Record<string, string> = {}): DashboardStack {
  const dir = mkdtempSync(join(tmpdir(), "drover-e2e-"));
  const stack = {} as DashboardStack;
  let child: ChildProcess | undefined;

  const start = async (port: string) => {
    const script = resolve(import.meta.dirname, "../support/stack-process.ts");
    child = spawn(process.execPath, [script, join(dir, "data"), port, dashboardDir], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, DROVER_BEAT_MS: "200", DROVER_LOG_UPLOAD_MS: "500", ...settings },
    });
    if (!child.stdout) throw new Error("the stack has no output");
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
    throw new Error("the stack ended before it was up");
  };
  const end = async (signal: NodeJS.Signals) => {
    const going = child;
    if (!going || going.exitCode !== null || going.signalCode !== null) return;
    const gone = once(going, "exit");
    going.kill(signal);
    await gone;
  };

  stack.submit = async (script, change = {}) => {
    const body = {
      repository: stack.repository,
      prompt: "Do the work",
      agent: { kind: "command" as const, command: ["sh", "-c", script] },
      ...change,
    };
    return (await ask(stack.drover.api.POST("/api/orchestrator/tasks", { body }))).taskId;
  };
  stack.untilStatus = (taskId, status) =>
    until(`${taskId} is ${status}`, async () => {
      const task = await ask(
        stack.drover.api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }),
      );
      return task.status === status && task;
    });
  stack.goAway = () => end("SIGKILL");
  stack.comeBack = async () => void (await start(new URL(stack.url).port));

  let closeRemote: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const remote = await serveWebsite(dir);
    closeRemote = remote.close;
    const { url, apiKey } = await start("0");
    Object.assign(stack, {
      url,
      apiKey,
      local: { url, apiKey },
      repository: remote.url,
      drover: openDrover({ url, apiKey }),
    });
  });
  afterAll(async () => {
    await end("SIGTERM");
    await closeRemote?.();
    rmSync(dir, { recursive: true, force: true });
  });
  return stack;
}

/** How many processes of this machine have these words in their command. */
export function countProcesses(words: string): number {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && commandOf(name).includes(words)).length;
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // It has ended since the list was read.
  }
}
