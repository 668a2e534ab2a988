// A forge on loopback that plays the pull requests and issue comments of GitHub or Gitea, as strictly as their documentation has it.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";
import { z } from "zod";
import type { ForgeKind } from "../../functions/core/pull-requests.ts";

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}
interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  authorization: string | undefined;
  body: unknown;
}
export interface OpenPull {
  number: number;
  title: string;
  body: string;
  base: string;
  head: string;
  draft: boolean;
  state: "open" | "closed";
}

export interface Comment {
  issue: number;
  body: string;
  at: number;
}

export interface TestForge {
  kind: ForgeKind;
  /** Of its API; the path differs from forge to forge. */
  apiUrl: string;
  token: string;
  /** Which branches exist in `acme/shop`. */
  hasBranch(name: string): boolean;
  pulls: OpenPull[];
  /** On its only issue, number 12. */
  comments: Comment[];
  asked: Asked[];
  /** Instead of what it would do, for the next requests with that method. */
  answer(method: "GET" | "POST", ...answers: Answer[]): void;
  /** Does what it was asked, and hangs up before the answer. */
  loseNextAnswer(): void;
  reset(): void;
}

const repository = "/repos/acme/shop/pulls";
const comments = /\/repos\/acme\/shop\/issues\/(\d+)\/comments$/;
const basePath: Record<ForgeKind, string> = { github: "", gitea: "/api/v1" };

export function useForge(kind: ForgeKind, token: string): TestForge {
  const scripted = new Map<string, Answer[]>();
  let losesAnswer = false;
  const forge: TestForge = {
    kind,
    token,
    apiUrl: "",
    hasBranch: () => true,
    pulls: [],
    comments: [],
    asked: [],
    answer: (method, ...answers) => void scripted.set(method, answers),
    loseNextAnswer: () => {
      losesAnswer = true;
    },
    reset() {
      forge.pulls = [];
      forge.comments = [];
      forge.asked = [];
      scripted.clear();
    },
  };
  let server: Server | undefined;
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const asked = await readAsked(request);
      forge.asked.push(asked);
      const { status, headers, body } = scripted.get(asked.method)?.shift() ?? answerAsForge(forge, asked);
      if (losesAnswer && asked.method === "POST") {
        losesAnswer = false;
        response.destroy();
        return;
      }
      response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
      response.end(body === undefined ? "" : JSON.stringify(body));
    });
    await new Promise<void>((listening) => server?.listen(0, "127.0.0.1", listening));
    forge.apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath[kind]}`;
  });
  afterAll(async () => {
    server?.closeAllConnections();
    await new Promise((closed) => (server ? server.close(closed) : closed(undefined)));
  });
  return forge;
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const { pathname, searchParams } = new URL(request.url ?? "", "http://forge");
  const { authorization } = request.headers;
  const body = text === "" ? undefined : JSON.parse(text);
  return { method: request.method ?? "", path: pathname, query: searchParams, authorization, body };
}

function answerAsForge(forge: TestForge, asked: Asked): Answer {
  const { kind, token } = forge;
  const expected = kind === "github" ? `Bearer ${token}` : `token ${token}`;
  if (asked.authorization !== expected) return { status: 401, body: { message: "Bad credentials" } };
  const issue = comments.exec(asked.path)?.[1];
  if (issue === "12") return answerComments(forge, asked);
  if (asked.path !== basePath[kind] + repository) return { status: 404, body: { message: "Not Found" } };
  if (asked.method === "GET") return listPulls(forge, asked.query);
  if (asked.method !== "POST") return { status: 405, body: { message: "Method Not Allowed" } };
  return kind === "github" ? createOnGithub(forge, asked.body) : createOnGitea(forge, asked.body);
}

const commentBody = z.strictObject({ body: z.string().min(1).max(65_536) });

function answerComments(forge: TestForge, { method, query, body }: Asked): Answer {
  const show = (comment: Comment) => ({
    html_url: `https://forge.test/acme/shop/issues/12#issuecomment-${forge.comments.indexOf(comment) + 1}`,
    body: comment.body,
    user: { login: "drover-bot" },
  });
  if (method === "GET") {
    const since = Date.parse(query.get("since") ?? new Date(0).toISOString());
    const found = forge.comments.filter(({ at }) => at >= since);
    if (forge.kind === "gitea") return { status: 200, body: found.map(show) };
    const size = Math.min(100, Number(query.get("per_page") ?? 30));
    const from = (Number(query.get("page") ?? 1) - 1) * size;
    return { status: 200, body: found.slice(from, from + size).map(show) };
  }
  const parsed = commentBody.safeParse(body);
  if (!parsed.success) return { status: 422, body: { message: parsed.error.message } };
  const comment = { issue: 12, body: parsed.data.body, at: Date.now() };
  forge.comments.push(comment);
  return { status: 201, body: show(comment) };
}

function listPulls(forge: TestForge, query: URLSearchParams): Answer {
  let open = forge.pulls.filter(({ state }) => state === (query.get("state") ?? "open")).reverse();
  if (forge.kind === "github") {
    const [head, base] = [query.get("head"), query.get("base")];
    if (head !== null) open = open.filter((pull) => `acme:${pull.head}` === head);
    if (base !== null) open = open.filter((pull) => pull.base === base);
    return { status: 200, body: open.slice(0, Number(query.get("per_page") ?? 30)).map((pull) => show(forge, pull)) };
  }
  const limit = Math.min(50, Number(query.get("limit") ?? 50));
  const from = (Number(query.get("page") ?? 1) - 1) * limit;
  return { status: 200, body: open.slice(from, from + limit).map((pull) => show(forge, pull)) };
}

const githubBody = z.strictObject({
  title: z.string().min(1).max(256),
  head: z.string(),
  base: z.string(),
  body: z.string().max(65_536),
  draft: z.boolean(),
});

function createOnGithub(forge: TestForge, body: unknown): Answer {
  const refuse = (...errors: unknown[]): Answer => ({ status: 422, body: { message: "Validation Failed", errors } });
  const parsed = githubBody.safeParse(body);
  if (!parsed.success) return { status: 400, body: { message: parsed.error.message } };
  const { head, base } = parsed.data;
  if (!forge.hasBranch(base)) return refuse({ resource: "PullRequest", field: "base", code: "invalid" });
  if (!forge.hasBranch(head)) return refuse({ resource: "PullRequest", field: "head", code: "invalid" });
  if (forge.pulls.some((pull) => pull.state === "open" && pull.head === head && pull.base === base)) {
    return refuse({
      resource: "PullRequest",
      code: "custom",
      message: `A pull request already exists for acme:${head}.`,
    });
  }
  return { status: 201, body: show(forge, add(forge, parsed.data)) };
}

const giteaBody = z.strictObject({ title: z.string().min(1), head: z.string(), base: z.string(), body: z.string() });

function createOnGitea(forge: TestForge, body: unknown): Answer {
  const parsed = giteaBody.safeParse(body);
  if (!parsed.success) return { status: 422, body: { message: parsed.error.message, url: "/api/swagger" } };
  const { head, base, title } = parsed.data;
  if (!forge.hasBranch(base) || !forge.hasBranch(head)) return { status: 404, body: { message: "branch not found" } };
  if (forge.pulls.some((pull) => pull.state === "open" && pull.head === head && pull.base === base)) {
    return { status: 409, body: { message: "pull request already exists for these targets", url: "/api/swagger" } };
  }
  return { status: 201, body: show(forge, add(forge, { ...parsed.data, draft: title.startsWith("WIP: ") })) };
}

function add(forge: TestForge, fields: Omit<OpenPull, "number" | "state">): OpenPull {
  const pull: OpenPull = { ...fields, number: forge.pulls.length + 1, state: "open" };
  forge.pulls.push(pull);
  return pull;
}

/** The fields that a client may count on. */
function show({ kind }: TestForge, { number, title, body, base, head, draft, state }: OpenPull): unknown {
  const common = { number, title, body, state, html_url: `https://forge.test/acme/shop/pulls/${number}` };
  if (kind === "github") return { ...common, draft, head: { ref: head, label: `acme:${head}` }, base: { ref: base } };
  return { ...common, draft, head: { ref: head, repo_id: 1 }, base: { ref: base, repo_id: 1 } };
}
