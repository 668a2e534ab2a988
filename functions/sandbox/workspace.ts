// How does the supervisor get hold of its workspace, and what can it ask of it?
import { createServer, type Socket } from "node:net";
import type { ManifestEntry, TreeFile } from "../git/tree.ts";
import { type Frame, type Frames, openFrames } from "./frames.ts";
import { helloSchema, maxTreeBytes, type RunResult } from "./protocol.ts";
import { toWorkspaceError, WorkspaceError } from "./workspace-error.ts";
import { fetchFiles } from "./workspace-fetch.ts";
import { openLine } from "./workspace-line.ts";
import { expectDone, listManifest, type Manifest } from "./workspace-manifest.ts";
import { type Command, type OnOutput, runCommand } from "./workspace-run.ts";
import { unpackFiles } from "./workspace-unpack.ts";

/** One operation at a time; a second one is refused. All of them reject with a WorkspaceError. */
export interface Workspace {
  unpack(files: AsyncIterable<TreeFile>): Promise<void>;
  /** A timeout or an abort kills everything in the workspace but the runner, also what earlier commands left running. */
  run(command: Command, onOutput: OnOutput, signal?: AbortSignal): Promise<RunResult>;
  /** Everything git would take, and the tracked paths even where they are ignored. */
  manifest(trackedPaths: readonly string[]): Promise<Manifest>;
  /** `maxBytes` for all of them, below what is taken at most. */
  fetch(entries: readonly ManifestEntry[], maxBytes?: number): AsyncIterable<TreeFile>;
  /** Settles when no process but the runner is left. */
  quiesce(): Promise<void>;
  /** As quiesce, and then everything that commands could write to is empty: the workspace, and what is private to it. */
  clear(): Promise<void>;
  close(): void;
  /** Settles when the connection is gone without `close`. */
  readonly lost: Promise<Error>;
}

export interface AcceptOptions {
  /** For the runner to appear and to say hello. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** What one operation may wait for the runner in all; the commands of `run` bring their own limit. */
  operationMs?: number;
  /** What the runner may take, beyond that, to kill, to confirm or to stop. */
  graceMs?: number;
}

/** The listener must be up before the runner gives up looking for it. */
export async function acceptWorkspace(socketPath: string, options: AcceptOptions): Promise<Workspace> {
  const [workspace] = await acceptLines(socketPath, 1, options);
  return workspace as Workspace;
}

/**
 * A runner that opens several lines to the same disk, so that commands run beside each other. On each of them a
 * timeout or an abort kills only what its own command has started, and nothing stays running behind a command.
 */
export async function acceptLines(socketPath: string, count: number, options: AcceptOptions): Promise<Workspace[]> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const stop = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const sockets = await acceptSockets(socketPath, count, stop);
  return Promise.all(sockets.map((socket) => openWorkspace(socket, options, stop)));
}

async function openWorkspace(socket: Socket, options: AcceptOptions, stop: AbortSignal): Promise<Workspace> {
  const { operationMs = 300_000, graceMs = 15_000 } = options;
  const frames = openFrames(socket);
  const incoming = frames.read();
  await hearHello(frames, incoming, stop);

  const line = openLine(frames, incoming);
  const limits = { budgetMs: operationMs, graceMs };
  return {
    unpack: (files) => unpackFiles(line, files, operationMs),
    run: (command, onOutput, signal) => runCommand(line, command, onOutput, { graceMs, signal }),
    manifest: (trackedPaths) => listManifest(line, trackedPaths, limits),
    fetch: (entries, maxBytes = maxTreeBytes) =>
      fetchFiles(line, entries, { ...limits, maxBytes: Math.min(maxBytes, maxTreeBytes) }),
    quiesce: () =>
      line.take(graceMs, async (turn) => {
        await turn.ask({ kind: "quiesce" });
        expectDone(turn, await turn.hearAnswer(), "quiesce the workspace");
      }),
    clear: () =>
      line.take(operationMs, async (turn) => {
        await turn.ask({ kind: "clear" });
        expectDone(turn, await turn.hearAnswer(), "clear the workspace");
      }),
    close: line.close,
    lost: line.lost,
  };
}

/**
 * The runner connects before it runs anything of the agent's. No more connections are taken than it makes, and the
 * path is gone before a word is exchanged, so no command of the agent can pose as the runner.
 */
async function acceptSockets(socketPath: string, count: number, stop: AbortSignal): Promise<Socket[]> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<Socket[]>();
  const sockets: Socket[] = [];
  server.on("connection", (socket) => {
    // Every error is followed by `close`, which whoever reads it will see.
    socket.on("error", () => undefined);
    if (sockets.push(socket) < count) return;
    // At once: whoever waits in the kernel's queue is turned away. Node removes the path as well.
    server.close();
    resolve(sockets);
  });
  server.on("error", reject);
  const giveUp = () => reject(new WorkspaceError("timeout", "no runner came to the workspace's socket in time"));
  stop.addEventListener("abort", giveUp, { once: true });
  if (stop.aborted) giveUp();
  // Runner and supervisor have different uids; who may reach the socket is decided by its directory.
  server.listen({ path: socketPath, readableAll: true, writableAll: true });
  try {
    return await promise;
  } catch (error) {
    for (const socket of sockets) socket.destroy();
    throw toWorkspaceError(error);
  } finally {
    stop.removeEventListener("abort", giveUp);
    if (server.listening) server.close();
  }
}

async function hearHello(frames: Frames, incoming: AsyncGenerator<Frame, void>, stop: AbortSignal): Promise<void> {
  const giveUp = () => frames.destroy();
  stop.addEventListener("abort", giveUp, { once: true });
  try {
    if (stop.aborted) giveUp();
    const { value: frame } = await incoming.next();
    if (frame?.kind === "json" && helloSchema.safeParse(frame.value).success) return;
    frames.destroy();
    if (stop.aborted) throw new WorkspaceError("timeout", "the runner did not say hello in time");
    if (!frame) throw new WorkspaceError("lost", "the runner left without a hello");
    throw new WorkspaceError("protocol_violation", "the runner did not say hello, or speaks another version");
  } catch (error) {
    throw toWorkspaceError(error);
  } finally {
    stop.removeEventListener("abort", giveUp);
  }
}
