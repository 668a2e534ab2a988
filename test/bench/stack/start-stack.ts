// How does a bench get a whole local stack, with real sandboxes, in a process of its own?
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { takePrecedence } from "../../../infra/local/precedence.ts";
import { removeTree, sandboxBase } from "../../../infra/local/sandbox/disk.ts";
import { findProgram } from "../../../infra/local/sandbox/find-program.ts";

export interface Stack {
  pid: number;
  url: string;
  apiKey: string;
  dataDir: string;
  /** Throws unless it is answered well. */
  ask(method: string, path: string, body?: object): Promise<Response>;
  /** What its process holds of its heap, in MB, once everything else has been given back. */
  weighHeap(): Promise<number>;
  close(): Promise<void>;
}

/** A connection that has rested may be closed just as it is used again: more often on a busy machine. */
export const onceOnly = { connection: "close" };

/** In characters, from the end. */
const keptComplaints = 2_000;
const script = resolve(import.meta.dirname, "../../support/stack-process.ts");

/** `settings` are DROVER_* variables. */
export async function startStack(dataDir: string, settings: Record<string, string>): Promise<Stack> {
  const [program = "", ...args] = endWithParent([process.execPath, "--expose-gc", script, dataDir, "0"]);
  const child = spawn(program, args, {
    env: { ...process.env, ...settings },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A session of its own, as `npm start` has one in its terminal.
    detached: true,
  });
  takePrecedence(child.pid);
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-keptComplaints);
  });
  const exited = once(child, "exit");
  const up = child.stdout && once(createInterface({ input: child.stdout }), "line");
  const line = await Promise.race([up, exited.then(() => undefined)]);
  if (!line) throw new Error(`The stack did not come up. It said:\n${complaints}`);
  const { url, apiKey } = JSON.parse(String(line[0])) as { url: string; apiKey: string };
  return {
    ...{ pid: child.pid ?? 0, url, apiKey, dataDir },
    async ask(method, path, body) {
      const headers = { "x-api-key": apiKey, "content-type": "application/json", ...onceOnly };
      const sent = body ? { body: JSON.stringify(body) } : {};
      const answer = await fetch(`${url}/api/orchestrator${path}`, { method, headers, ...sent });
      if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`);
      return answer;
    },
    async weighHeap() {
      const answered = once(child, "message");
      child.send("weigh");
      const [mb] = await answered;
      return Number(mb);
    },
    async close() {
      child.kill("SIGTERM");
      await exited;
      await removeTree(sandboxBase(dataDir));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Asked to end, not killed: it has sandboxes to end, which would outlive it. */
function endWithParent(command: string[]): string[] {
  const setpriv = findProgram("setpriv");
  return setpriv ? [setpriv, "--pdeathsig", "TERM", "--", ...command] : command;
}
