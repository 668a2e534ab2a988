// How does a program speak to drover? Calls typed after the API's own document, errors that say what to do, feeds without gaps.
import createClient, { type Client } from "openapi-fetch";
import type { AuditEvent, Problem, Progress, paths, Snapshot } from "./api-types.ts";
import { followStream } from "./follow-stream.ts";
import { hearOutput } from "./fresh-output.ts";

export type {
  AuditEvent,
  Backend,
  BackendHealth,
  Problem,
  Progress,
  paths,
  Session,
  Snapshot,
  Task,
  TaskSummary,
} from "./api-types.ts";

export interface DroverOptions {
  /** Where the API answers, as `http://127.0.0.1:4780`; of a page that the API serves, its own origin. */
  url: string;
  /** Without one, the session's cookie says who calls; then writes need `csrfToken`. */
  apiKey?: string | undefined;
  csrfToken?: (() => string | undefined) | undefined;
  fetch?: typeof fetch;
}

export type TaskFeedEvent =
  | { kind: "audit"; id: string; event: AuditEvent }
  | { kind: "progress"; id: string; progress: Progress }
  /** The task has ended, and its stop is confirmed: nothing more comes. */
  | { kind: "end"; id: string; status: string };

export type FleetFeedEvent =
  /** What is active now: replaces whatever the listener knew. */
  { kind: "snapshot"; snapshot: Snapshot } | { kind: "audit"; id: string; event: AuditEvent };

export interface Following {
  signal?: AbortSignal | undefined;
  /**
   * Called when the connection is lost (with the reason), and when it is there (again). That the API ends a stream after
   * a while, and is asked to go on, is no loss.
   */
  onConnection?: ((state: { connected: true } | { connected: false; why: string }) => void) | undefined;
}

export interface Drover {
  /** `api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } })`; wrap it in `ask`. */
  api: Client<paths>;
  /**
   * From the first event, or that after the id of an earlier one, to the end, across lost connections: each event once,
   * and of what was printed each character at most once. Throws DroverProblem when the API refuses.
   */
  followTask(taskId: string, following?: Following & { after?: string | undefined }): AsyncGenerator<TaskFeedEvent>;
  /** For ever, until the signal aborts; each event once. */
  followFleet(following?: Following & { workspace?: string | undefined }): AsyncGenerator<FleetFeedEvent>;
}

/** What the API has refused: `message` is meant for people, `code` for programs. */
export class DroverProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "DroverProblem";
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
  }
}

export function openDrover({ url, apiKey, csrfToken, fetch: send = fetch }: DroverOptions): Drover {
  const baseUrl = url.replace(/\/+$/, "");
  const authorized = (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const csrf = csrfToken?.();
    if (apiKey !== undefined) request.headers.set("x-api-key", apiKey);
    else if (csrf !== undefined) request.headers.set("x-csrf-token", csrf);
    return send(request);
  };
  const stream = (path: string, following: Following & { after?: string | undefined }) =>
    followStream({ url: `${baseUrl}${path}`, fetch: authorized, refuse: problemOf, ...following });
  return {
    api: createClient<paths>({ baseUrl, fetch: authorized }),
    async *followTask(taskId, following = {}) {
      const hear = hearOutput();
      for await (const { event, id, data } of stream(`/api/orchestrator/tasks/${taskId}/events`, following)) {
        if (event === "audit") yield { kind: "audit", id, event: JSON.parse(data) };
        else if (event === "progress") yield { kind: "progress", id, progress: hear(JSON.parse(data)) };
        else if (event === "end") return yield { kind: "end", id, status: JSON.parse(data).status };
      }
    },
    async *followFleet({ workspace, ...following } = {}) {
      const query = workspace === undefined ? "" : `?workspace=${encodeURIComponent(workspace)}`;
      for await (const { event, id, data } of stream(`/api/orchestrator/agents/events${query}`, following)) {
        if (event === "audit") yield { kind: "audit", id, event: JSON.parse(data) };
        else if (event === "snapshot") yield { kind: "snapshot", snapshot: JSON.parse(data) };
      }
    },
  };
}

/** The answer's body; throws DroverProblem for a refusal. */
export async function ask<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw toProblem(error, response);
}

async function problemOf(response: Response): Promise<DroverProblem> {
  return toProblem(await response.json().catch(() => undefined), response);
}

function toProblem(body: unknown, { status, url }: Response): DroverProblem {
  if (isProblem(body)) return new DroverProblem(body);
  // Not drover's own words: something stands in between, or it is not drover.
  const detail = `${url} answered ${status}, and not as drover does. Is the address right?`;
  return new DroverProblem({
    type: "about:blank",
    title: "Unexpected answer",
    status,
    detail,
    code: "unexpected_answer",
  });
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" && body !== null && "detail" in body && "code" in body;
