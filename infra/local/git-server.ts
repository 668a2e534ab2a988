// How does a git repository on this machine look like one on a forge? Smart HTTP in front of `git http-backend`.
import { execFile, spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { type Endpoint, listenOnLoopback } from "./aws-json.ts";
import { cgiEnvironment, parseGitRequest, splitCgiAnswer } from "./git-cgi.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

export interface GitServerOptions {
  /** `path` is the repository's part of the URL path, as `resolve` gets it. Without credentials both are empty. */
  authorize: (
    user: string,
    password: string,
    request: { path: string; service: GitService },
  ) => boolean | Promise<boolean>;
  /** The absolute directory of a repository (bare, or with a `.git` inside); undefined is answered with 404. */
  resolve: (path: string) => string | undefined;
  log?: (line: string) => void;
  port?: number;
}

const killAfterMs = 5_000;

export async function startGitServer(options: GitServerOptions): Promise<Endpoint> {
  const backend = await findBackend();
  return listenOnLoopback((request, response) => answer(backend, options, request, response), options.port);
}

async function findBackend(): Promise<string> {
  const { stdout } = await promisify(execFile)("git", ["--exec-path"]).catch((cause: unknown) => {
    throw new Error("Repositories on this machine need git: install it and see that it is on the PATH.", { cause });
  });
  const backend = join(stdout.trim(), "git-http-backend");
  await access(backend, constants.X_OK).catch((cause: unknown) => {
    throw new Error(`git is here, but not its http-backend (${backend}): install the rest (on Alpine: git-daemon).`, {
      cause,
    });
  });
  return backend;
}

async function answer(backend: string, options: GitServerOptions, request: IncomingMessage, response: ServerResponse) {
  const call = parseGitRequest(request);
  if (!call) return refuse(request, response, 404, "no such page");
  const [user, password] = readBasicAuth(request.headers.authorization);
  if (!(await options.authorize(user, password, { path: call.path, service: call.service }))) {
    options.log?.(`401 ${call.service} ${call.path}`);
    response.setHeader("www-authenticate", 'Basic realm="drover", charset="UTF-8"');
    return refuse(request, response, 401, "credentials needed");
  }
  const directory = options.resolve(call.path);
  if (!directory) return refuse(request, response, 404, "no such repository");
  if (response.destroyed) return;
  options.log?.(`${request.method} ${call.service} ${call.path}`);
  await runBackend(backend, cgiEnvironment(call, directory, user, request), request, response, options.log);
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  request.resume();
  response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
}

function readBasicAuth(header: string | undefined): [user: string, password: string] {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "")?.[1];
  const text = encoded ? Buffer.from(encoded, "base64").toString() : "";
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}

async function runBackend(
  backend: string,
  env: NodeJS.ProcessEnv,
  request: IncomingMessage,
  response: ServerResponse,
  log: GitServerOptions["log"],
): Promise<void> {
  // Its own process group, since the backend starts git programs and hooks that must go with it.
  const cgi = spawn(backend, [], { env, stdio: ["pipe", "pipe", "pipe"], detached: true });
  const exited = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    cgi.once("error", reject);
    cgi.once("close", (_code, signal) => resolve(signal));
  });
  cgi.stderr.on("data", (text: Buffer) => log?.(`git: ${text.toString().trim()}`));

  const stop = () => killGroup(cgi.pid, exited);
  response.once("close", stop);
  const body = request.headers["content-encoding"] === "gzip" ? [request, createGunzip()] : [request];
  // The backend may answer and leave before it has read everything; what it said is in its answer.
  pipeline([...body, cgi.stdin]).catch((error: Error) => log?.(`body: ${error.message}`));
  try {
    await pipeline(cgi.stdout, (output: Readable) => sendHeadThenBody(output, response, exited), response);
  } catch (error) {
    log?.(`answer: ${(error as Error).message}`);
    response.destroy();
  }
  await exited.finally(() => response.off("close", stop));
}

async function* sendHeadThenBody(output: Readable, response: ServerResponse, exited: Promise<NodeJS.Signals | null>) {
  for await (const chunk of splitCgiAnswer(output, ({ status, headers }) => response.writeHead(status, headers))) {
    yield chunk;
  }
  // A backend that was killed leaves half an answer: the client must see a broken connection, not an end.
  const signal = await exited;
  if (signal) throw new Error(`git http-backend ended by ${signal}`);
}

/** Asks first: git then removes its locks and half-received objects from the user's repository. */
function killGroup(pid: number | undefined, exited: Promise<unknown>): void {
  if (pid === undefined) return;
  signalGroup(pid, "SIGTERM");
  const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), killAfterMs);
  exited.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );
}

function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
