// Where does a conformance run work? In a workspace that nobody else has, with a key of its own; nothing of it is left running.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

// biome-ignore lint/suspicious/noExplicitAny: a run looks into whatever was answered, and says what it missed
type Json = any;

export interface Target {
  url: string;
  /** Of a super admin. */
  key: string;
  repository: string;
  /** Lets drover into the repository, and this run for cleaning up. */
  token?: string | undefined;
  /** Reachable from the stage; without it nothing is sent. */
  webhook?: string | undefined;
}

export interface Answer {
  status: number;
  body: Json;
}

export interface OwnWorkspace {
  name: string;
  target: Target;
  call(method: string, path: string, body?: object): Promise<Answer>;
  /** Answers the task's id. */
  submit(command: string, more?: object): Promise<string>;
  untilTask(taskId: string, what: string, is: (task: Json) => boolean): Promise<Json>;
  stream(path: string, lastEventId: string, signal: AbortSignal): Promise<Response>;
  close(): Promise<void>;
}

const patienceMs = 10 * 60_000;
const lookAgainMs = 500;
const credential = "conformance";

export async function openWorkspace(target: Target): Promise<OwnWorkspace> {
  const name = `conformance-${randomBytes(5).toString("hex")}`;
  const made = await ask(target.url, target.key, "POST", `/workspaces/${name}/keys`, { name, role: "workspace_admin" });
  if (made.status !== 201) throw new Error(`No key was made for the workspace ${name}: ${describe(made)}`);
  const { apiKey, keyId } = made.body;
  const call = (method: string, path: string, body?: object) => ask(target.url, apiKey, method, path, body);
  if (target.token) {
    const put = await call("PUT", `/workspaces/${name}/credentials/${credential}`, { token: target.token });
    if (put.status !== 204) throw new Error(`The credential was not taken: ${describe(put)}`);
  }
  return {
    name,
    target,
    call,
    async submit(command, more = {}) {
      const agent = { kind: "command", command: ["sh", "-c", command] };
      const access = target.token ? { credential } : {};
      const wish = { repository: target.repository, prompt: "Conformance", agent, maxAttempts: 1, ...access, ...more };
      const answer = await call("POST", "/tasks", wish);
      if (answer.status !== 201) throw new Error(`The submission was answered ${describe(answer)}`);
      return answer.body.taskId;
    },
    async untilTask(taskId, what, is) {
      for (const giveUpAt = Date.now() + patienceMs; ; await pause(lookAgainMs)) {
        const { body: task } = await call("GET", `/tasks/${taskId}`);
        if (is(task)) return task;
        if (Date.now() > giveUpAt) throw new Error(`waited in vain until ${taskId} ${what}; it is ${task.status}`);
      }
    },
    stream: (path, lastEventId, signal) =>
      fetch(`${target.url}/api/orchestrator${path}`, {
        headers: { "x-api-key": apiKey, ...(lastEventId ? { "last-event-id": lastEventId } : {}) },
        signal,
      }),
    async close() {
      // Whatever a story has left: it ends, and nothing of this workspace begins any more.
      const stopped = await call("POST", `/workspaces/${name}/kill-all`, { reason: "the conformance run is over" });
      const revoked = await ask(target.url, target.key, "DELETE", `/workspaces/${name}/keys/${keyId}`);
      if (stopped.status !== 200) throw new Error(`The workspace ${name} was not stopped: ${describe(stopped)}`);
      if (revoked.status !== 200) throw new Error(`The key ${keyId} was not revoked: ${describe(revoked)}`);
    },
  };
}

export const describe = ({ status, body }: Answer): string => `${status} ${JSON.stringify(body).slice(0, 300)}`;

async function ask(url: string, key: string, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}/api/orchestrator${path}`, {
    method,
    headers: { "x-api-key": key, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}
