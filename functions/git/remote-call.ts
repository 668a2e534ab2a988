// How is one conversation with a remote set up, and what went wrong when it fails, in words for people?
import type { GitAuth as EngineAuth } from "isomorphic-git";
import { createHttpClient, HttpFailure } from "./http.ts";
import { TooLargeError } from "./limits.ts";
import { parseRepositoryUrl } from "./repository-url.ts";

export interface GitAuth {
  username: string;
  password: string;
}

export interface RemoteProblem {
  /** `not_git`: whatever answered there is no git server, or was cut off. */
  kind: "not_found" | "not_git" | "auth_refused" | "branch_missing" | "empty" | "too_large" | "unreachable";
  /** For people: what was tried, and what to do next. */
  message: string;
}

export interface RemoteOptions {
  url: string;
  auth?: GitAuth | undefined;
  /** For the whole operation. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  maxResponseBytes?: number;
}

export type RemoteCall = ReturnType<typeof callRemote>;

const silenceMs = 60_000;
const defaultTimeoutMs = 30_000;
const defaultMaxResponseBytes = 64 * 1024 * 1024;

/** The engine's options for one operation. The token is handed over when the server asks, and never put into a URL. */
export function callRemote({ url, auth, timeoutMs = defaultTimeoutMs, signal, maxResponseBytes }: RemoteOptions) {
  const parsed = parseRepositoryUrl(url);
  if (parsed.kind === "bad") throw new Error(parsed.message);
  if (parsed.kind === "file") throw new Error(`${parsed.path} is a path: serve it over loopback, and use that URL.`);
  const timeout = AbortSignal.timeout(timeoutMs);
  const http = createHttpClient({
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    silenceMs: Math.min(silenceMs, timeoutMs),
    maxResponseBytes: maxResponseBytes ?? defaultMaxResponseBytes,
  });
  const engine = { url: parsed.url, http, ...(auth ? { onAuth: () => auth, onAuthFailure: giveUp } : {}) };
  return { url: parsed.url, hasAuth: auth !== undefined, http, engine };
}

/** Without this the engine would ask again, with the same token, for ever. */
function giveUp(): EngineAuth {
  return { cancel: true };
}

/** Names the outcome of a failed conversation; anything that is not one is a bug, and thrown on. */
export function explainFailure(error: unknown, { url, hasAuth }: RemoteCall): RemoteProblem {
  if (error instanceof TooLargeError) {
    return { kind: "too_large", message: `${url} cannot be read: ${error.message}.` };
  }
  if (error instanceof HttpFailure) {
    return {
      kind: "unreachable",
      message: `Could not reach ${url}: ${error.message}. Check the address and try again.`,
    };
  }
  const { code, data } = error as { code?: unknown; data?: { statusCode?: unknown } };
  if (code === "UserCanceledError") return refused(url, true);
  if (code === "HttpError") return explainStatus(Number(data?.statusCode), url, hasAuth);
  if (code === "SmartHttpError" || code === "ParseError" || code === "EmptyServerResponseError") {
    return { kind: "not_git", message: `${url} answers, but not as a git repository. Check the address.` };
  }
  throw error;
}

function explainStatus(status: number, url: string, hasAuth: boolean): RemoteProblem {
  if (status === 401 || status === 403 || status === 203) return refused(url, hasAuth);
  if (status === 404 || status === 410) {
    // Hosts hide private repositories behind 404, so nobody outside can tell the two apart.
    const advice = hasAuth
      ? "Either the name is wrong, or the token may not see this repository: check both."
      : "Either the name is wrong, or it is private: check the name, or add a token that may read it.";
    return { kind: "not_found", message: `There is no repository for us at ${url}. ${advice}` };
  }
  return { kind: "unreachable", message: `${url} answered with HTTP status ${status}. Try again later.` };
}

function refused(url: string, hasAuth: boolean): RemoteProblem {
  const advice = hasAuth
    ? "It may be expired, revoked, or without rights here: create a token for this repository (contents: read and write) and store it again."
    : "Either the repository is private, or the name is wrong (some hosts answer the same): check the name, or add a token that may read it.";
  const what = hasAuth ? `${url} refused the token.` : `${url} asks for a token.`;
  return { kind: "auth_refused", message: `${what} ${advice}` };
}
