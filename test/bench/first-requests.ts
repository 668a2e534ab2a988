// What do the first requests to a function cost that has just been loaded? Asked of the real stack's table, queue and secrets.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type LocalStack, startLocal } from "../../stacks/local.ts";
import { toUrlEvent } from "../support/url-event.ts";
import { makeRepository } from "./stack/make-repository.ts";

const ask = `const { handler } = await import(process.argv[1]);
const events = JSON.parse(process.argv[2]);
for (const event of events) {
  const so = process.cpuUsage();
  const { statusCode, body } = await handler(event, {});
  if (statusCode >= 300) throw new Error(statusCode + ": " + body);
  const { user, system } = process.cpuUsage(so);
  console.log((user + system) / 1000);
}
process.exit(0)`;

export interface FirstRequests {
  getMs: number;
  submitMs: number;
}

export interface Asked {
  /** CPU time of the two, one after the other, in a new process. */
  askFirst(file: string): Promise<FirstRequests>;
  close(): Promise<void>;
}

const tasks = "/api/orchestrator/tasks";

/** One per process, as the stack. Its tasks wait: the workspace is paused. */
export async function openAsked(): Promise<Asked> {
  const home = mkdtempSync(join(tmpdir(), "drover-first-"));
  const stack = await startLocal({
    dataDir: join(home, "data"),
    port: 0,
    ephemeral: true,
    allowUnconfined: true,
    imageDir: resolve(import.meta.dirname, "../../.drover"),
  });
  const wish = {
    repository: makeRepository(join(home, "repository")),
    prompt: "Measured",
    agent: { kind: "command", command: ["true"] },
  };
  await call(stack, "/api/orchestrator/workspaces/default/pause", { reason: "measured" });
  const { taskId } = await call(stack, tasks, wish);
  const events = [toUrlEvent("GET", `${tasks}/${taskId}`, stack.apiKey), toUrlEvent("POST", tasks, stack.apiKey, wish)];
  return {
    async askFirst(file) {
      const args = ["--input-type=module", "-e", ask, pathToFileURL(file).href, JSON.stringify(events)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const [getMs = Number.NaN, submitMs = Number.NaN] = stdout.trim().split("\n").map(Number);
      return { getMs, submitMs };
    },
    async close() {
      await stack.closeAndKill();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function call(stack: LocalStack, path: string, body: object): Promise<Record<string, unknown>> {
  const headers = { "x-api-key": stack.apiKey, "content-type": "application/json" };
  const answer = await fetch(`${stack.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}
