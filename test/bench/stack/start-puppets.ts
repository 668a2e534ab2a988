// How does a bench act for the sandboxes of a stack that starts none? It is told of each launch, and says what a supervisor would.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAgentId } from "../../../functions/core/ids.ts";

export type FromStack =
  | { kind: "up"; url: string; apiKey: string }
  | { kind: "launched"; agentId: string; token: string }
  /** ECS has said that it stopped, and drover has cleaned up. */
  | { kind: "settled"; agentId: string }
  /** Of what is in use, after everything else was given back. */
  | { kind: "heap"; mb: number };
export type ToStack =
  /** The agent whose sandbox ends by itself. */
  { kind: "end"; agentId: string } | { kind: "weigh" };

/** Says to the control plane what the supervisor of one attempt says. */
export interface Puppet {
  agentId: string;
  say(verb: string, body: object): Promise<void>;
  /** Settles when drover has cleaned up behind it. */
  end(): Promise<void>;
}

export interface PuppetStack {
  pid: number;
  url: string;
  apiKey: string;
  submit(request: object): Promise<string>;
  /** Settles when ECS was asked to start the first sandbox of a task. */
  puppetOf(taskId: string): Promise<Puppet>;
  /** What the stack's process holds of its heap, in MB. */
  weighHeap(): Promise<number>;
  close(): Promise<void>;
}

/** Settles once, whoever comes first: the one who waits, or what is waited for. */
class Meetings<T> {
  readonly #open = new Map<string, PromiseWithResolvers<T>>();

  at(name: string): PromiseWithResolvers<T> {
    const known = this.#open.get(name) ?? Promise.withResolvers<T>();
    this.#open.set(name, known);
    return known;
  }

  async wait(name: string): Promise<T> {
    const met = await this.at(name).promise;
    this.#open.delete(name);
    return met;
  }
}

const script = join(import.meta.dirname, "puppet-stack.ts");
const without = Number.MAX_SAFE_INTEGER.toString();

/** `settings` are DROVER_* variables. Without a `dashboardDir` the API alone is served. */
export async function startPuppets(settings: Record<string, string>, dashboardDir?: string): Promise<PuppetStack> {
  const dataDir = mkdtempSync(join(tmpdir(), "drover-puppets-"));
  const limits = {
    DROVER_REQUESTS_PER_MINUTE: without,
    DROVER_LAUNCHES_PER_SECOND: without,
    DROVER_QUEUE_LIMIT: without,
  };
  const env = { ...process.env, ...limits, ...settings };
  const execArgv = ["--expose-gc"];
  const child = fork(script, [dataDir, ...(dashboardDir ? [dashboardDir] : [])], {
    env,
    execArgv,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const launches = new Meetings<Puppet>();
  const settlements = new Meetings<void>();
  const weights = new Meetings<number>();
  const up = Promise.withResolvers<{ url: string; apiKey: string }>();
  child.once("exit", (code) => up.reject(new Error(`the stack ended with ${code} before it was up`)));

  const puppet = (url: string, agentId: string, token: string): Puppet => ({
    agentId,
    async say(verb, body) {
      await post(`${url}/attempts/${agentId}/${verb}`, { "x-drover-token": token }, body);
    },
    end() {
      child.send({ kind: "end", agentId } satisfies ToStack);
      return settlements.wait(agentId);
    },
  });
  child.on("message", async (message: FromStack) => {
    if (message.kind === "up") return up.resolve(message);
    if (message.kind === "heap") return weights.at("heap").resolve(message.mb);
    const { agentId } = message;
    if (message.kind === "settled") return settlements.at(agentId).resolve();
    const { url } = await up.promise;
    launches.at(taskOf(agentId)).resolve(puppet(apiOf(url), agentId, message.token));
  });
  try {
    const { url, apiKey } = await up.promise;
    return {
      ...{ pid: child.pid ?? 0, url, apiKey },
      submit: async (request) => String((await post(`${apiOf(url)}/tasks`, { "x-api-key": apiKey }, request)).taskId),
      puppetOf: (taskId) => launches.wait(taskId),
      weighHeap() {
        child.send({ kind: "weigh" } satisfies ToStack);
        return weights.wait("heap");
      },
      close: () => end(child, dataDir),
    };
  } catch (error) {
    await end(child, dataDir);
    throw error;
  }
}

const apiOf = (url: string) => `${url}/api/orchestrator`;
const taskOf = (agentId: string) => parseAgentId(agentId)?.taskId ?? agentId;

async function post(url: string, headers: Record<string, string>, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} was answered with ${response.status}: ${text}`);
  return JSON.parse(text);
}

async function end(child: ChildProcess, dataDir: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.kill("SIGTERM")) await once(child, "exit");
  await rm(dataDir, { recursive: true, force: true });
}
