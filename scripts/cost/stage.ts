// Where are the golden paths walked? On the whole local stack, whose every request is counted, with one small repository.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointVariable } from "../../infra/local/environment.ts";
import { type LocalStack, startLocal } from "../../stacks/local.ts";
import { createRemote } from "../demo/repository.ts";
import { type Counts, countServers, countTable, openCounter } from "./counter.ts";

export interface Stage {
  /** With the key of an admin, or with an attempt's token; a stream is read to its end. */
  call(method: string, path: string, body?: object, attemptToken?: string): Promise<Record<string, unknown>>;
  /** Submits a command for the repository, whose token is a credential, and answers the task's id. */
  submit(script: string, more?: object): Promise<string>;
  take(): Counts;
  until(what: string, isOver: (counts: Counts) => boolean): Promise<void>;
  close(): Promise<void>;
}

const beatMs = 60_000;
/** Long enough to be read on from. */
const streamMs = 3_000;
const beatCharacters = "200";
const logUploadMs = 300_000;

const services = ["S3", "SSM", "SQS", "ECS"] as const;
/** The credential for repositories, and its token. */
export const credential = "costs";
export const token = "costs-token";

/**
 * One per process, as the stack. The reaper runs when a path calls it and not by itself, so that it can be counted apart.
 * `interposeEcs` may stand before ECS; what it answers or lets pass is counted all the same.
 */
export async function openStage(
  imageDir: string,
  interposeEcs = async (url: string): Promise<string> => url,
): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), "drover-costs-"));
  const closers: (() => Promise<void> | void)[] = [() => rmSync(home, { recursive: true, force: true })];
  const counter = openCounter();
  // As on AWS, where the local stack has its own: a path ends before its second beat is due.
  Object.assign(process.env, {
    DROVER_BEAT_MS: String(beatMs),
    DROVER_BEAT_CHARACTERS: beatCharacters,
    DROVER_STREAM_MS: String(streamMs),
    DROVER_LOG_UPLOAD_MS: String(logUploadMs),
  });
  const stack: LocalStack = await startLocal({
    dataDir: join(home, "data"),
    port: 0,
    ephemeral: true,
    imageDir,
    async interpose(service, url) {
      if (service === "ECS") return interposeEcs(url);
      if (service !== "DYNAMODB") return url;
      const table = await countTable(counter.add, url);
      closers.push(table.close);
      return table.url;
    },
  });
  closers.push(stack.closeAndKill);
  await stack.reaper.stop();
  const servers = services.map((service) => [portOf(process.env[endpointVariable(service)]), service.toLowerCase()]);
  closers.push(countServers(counter.add, new Map([...servers, [portOf(stack.url), "api"]] as [number, string][])));
  const remote = await createRemote(join(home, "repositories"), token);
  closers.push(remote.close);

  async function call(method: string, path: string, body?: object, attemptToken?: string) {
    const caller = attemptToken ? { "x-drover-token": attemptToken } : { "x-api-key": stack.apiKey };
    const response = await fetch(`${stack.url}/api/orchestrator${path}`, {
      method,
      headers: { ...caller, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
  }

  await call("PUT", `/workspaces/default/credentials/${credential}`, { token });
  return {
    call,
    async submit(script, more = {}) {
      const agent = { kind: "command", command: ["sh", "-c", script] };
      const { taskId } = await call("POST", "/tasks", {
        repository: remote.repository,
        credential,
        prompt: "Work",
        agent,
        ...more,
      });
      return String(taskId);
    },
    take: counter.take,
    until: counter.until,
    async close() {
      for (const close of closers.reverse()) await close();
    },
  };
}

const portOf = (url = "") => Number(new URL(url).port);
