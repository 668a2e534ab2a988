// How is a request of a git client put to `git http-backend`, and its answer taken apart? It is an old CGI program.
import type { IncomingMessage } from "node:http";
import { join } from "node:path";

type GitService = "git-upload-pack" | "git-receive-pack";

export interface GitCall {
  /** The repository's part of the URL path. */
  path: string;
  service: GitService;
  /** What is asked of the repository: `/info/refs`, or the service itself. */
  action: string;
  query: string;
}

const maxUrlLength = 8192;
const maxHeadBytes = 64 * 1024;

/**
 * A strict grammar: plain names between slashes, no percent signs, no dots alone, and the three requests of smart
 * HTTP. Old clients that fetch single files ("dumb" HTTP) are not served.
 */
export function parseGitRequest(request: IncomingMessage): GitCall | undefined {
  const url = request.url ?? "";
  if (url.length > maxUrlLength) return undefined;
  const parts = /^((?:\/[A-Za-z0-9._~-]+)+)(\/info\/refs\?service=|\/)(git-upload-pack|git-receive-pack)$/.exec(url);
  if (!parts) return undefined;
  const [, path = "", middle, service] = parts;
  if (path.split("/").some((name) => name === "." || name === "..")) return undefined;
  if (service !== "git-upload-pack" && service !== "git-receive-pack") return undefined;
  const discovers = middle !== "/";
  if (request.method !== (discovers ? "GET" : "POST")) return undefined;
  return discovers
    ? { path, service, action: "/info/refs", query: `service=${service}` }
    : { path, service, action: `/${service}`, query: "" };
}

/** Built from nothing: no setting, hook path or credential helper of the user who runs drover has a say. */
export function cgiEnvironment(
  call: GitCall,
  directory: string,
  user: string,
  request: IncomingMessage,
): NodeJS.ProcessEnv {
  const { headers } = request;
  const protocol = headers["git-protocol"];
  const gzip = headers["content-encoding"] === "gzip";
  const settings = [
    // The repository may belong to another user. Git versions differ in what they compare: the path, the git
    // directory inside, or `.`, since the backend runs its helpers there and nowhere else.
    ["safe.directory", directory],
    ["safe.directory", join(directory, ".git")],
    ["safe.directory", "."],
    ["http.receivepack", "true"],
  ];
  const config = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(config),
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_PROJECT_ROOT: directory,
    PATH_INFO: call.action,
    QUERY_STRING: call.query,
    REQUEST_METHOD: request.method,
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_USER: /^[\w.@-]{1,64}$/.test(user) ? user : "client",
    CONTENT_TYPE: headers["content-type"] ?? "",
    // We unpack gzip ourselves, and then the length is not that of the body any more.
    ...(headers["content-length"] && !gzip ? { CONTENT_LENGTH: headers["content-length"] } : {}),
    ...(typeof protocol === "string" && /^version=[012]$/.test(protocol) ? { GIT_PROTOCOL: protocol } : {}),
  };
}

/** Reports the head once it is complete, then hands on the body as it comes. */
export async function* splitCgiAnswer(
  output: AsyncIterable<Buffer>,
  onHead: (head: { status: number; headers: Record<string, string> }) => void,
): AsyncGenerator<Buffer, void, undefined> {
  let waiting: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of output) {
    if (!waiting) {
      yield chunk;
      continue;
    }
    waiting = Buffer.concat([waiting, chunk]);
    const end = waiting.indexOf("\r\n\r\n");
    if (end < 0 && waiting.length > maxHeadBytes) throw new Error("git http-backend sent no head");
    if (end < 0) continue;
    onHead(parseHead(waiting.toString("latin1", 0, end)));
    const rest = waiting.subarray(end + 4);
    waiting = undefined;
    if (rest.length > 0) yield rest;
  }
  if (waiting) throw new Error("git http-backend ended before it answered");
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers };
}
