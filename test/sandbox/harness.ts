// What do the sandbox tests share? Temporary folders, real runners, and peers that say whatever they like.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { TreeFile } from "../../functions/git/tree.ts";
import { protocolVersion } from "../../functions/sandbox/protocol.ts";
import { type AcceptOptions, acceptLines, acceptWorkspace, type Workspace } from "../../functions/sandbox/workspace.ts";

const runnerPath = new URL("../../functions/sandbox/runner.ts", import.meta.url).pathname;

export interface Place {
  root: string;
  sockets: string;
  workspace: string;
}

export function makePlace(): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "drover-sandbox-")));
  const place = { root, sockets: join(root, "sockets"), workspace: join(root, "workspace") };
  mkdirSync(place.sockets);
  mkdirSync(place.workspace);
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return place;
}

export interface RunnerAtWork extends Place {
  workspace: string;
  runner: ChildProcess;
  exited: Promise<number | null>;
  sandbox: Workspace;
}

/** A runner with several lines to one disk. */
export async function startLines(lineCount: number, options: { wrap?: Wrap } = {}) {
  const { wrap = (_place: Place, command: string[]) => command } = options;
  const place = makePlace();
  const accepting = acceptLines(join(place.sockets, "runner.sock"), lineCount, { timeoutMs: 20_000 });
  const { runner, exited } = spawnRunner(place, wrap, { DROVER_LINES: String(lineCount) });
  const lines = await accepting;
  onTestFinished(async () => {
    for (const line of lines) line.close();
    await within(10_000, "the runner's end", exited);
  });
  return { ...place, runner, exited, lines };
}

function spawnRunner(place: Place, wrap: Wrap, more: Record<string, string> = {}) {
  const [program = "", ...args] = wrap(place, [process.execPath, runnerPath]);
  const { PATH } = process.env;
  const runner = spawn(program, args, {
    env: { PATH, DROVER_SOCKETS: place.sockets, DROVER_WORKSPACE: place.workspace, SECRET: "no", ...more },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return { runner, exited: new Promise<number | null>((resolve) => runner.once("exit", resolve)) };
}

type Wrap = (place: Place, command: string[]) => string[];

/** The real runner as a real process; `wrap` puts something around it. It ends with the test. */
export async function startRunner(options: Partial<AcceptOptions> & { wrap?: Wrap } = {}): Promise<RunnerAtWork> {
  const { wrap = (_place: Place, command: string[]) => command, ...accept } = options;
  const place = makePlace();
  const accepting = acceptWorkspace(join(place.sockets, "runner.sock"), { timeoutMs: 20_000, ...accept });
  const { runner, exited } = spawnRunner(place, wrap);
  const sandbox = await accepting;
  onTestFinished(async () => {
    sandbox.close();
    await within(10_000, "the runner's end", exited);
  });
  return { ...place, runner, exited, sandbox };
}

/** A runner of our own making: whatever `talk` writes to the socket is what the supervisor gets. */
export async function startFake(
  talk: (socket: Socket) => void,
  options: Partial<AcceptOptions> = {},
  accept = acceptWorkspace,
) {
  const path = join(makePlace().sockets, "runner.sock");
  const accepting = accept(path, { timeoutMs: 5_000, graceMs: 500, ...options });
  const socket = createConnection(path);
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.write(jsonFrame({ kind: "hello", protocol: protocolVersion }));
  const sandbox = await accepting;
  talk(socket);
  return { sandbox, socket };
}

export function frame(kind: number, body: Buffer | string): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(Buffer.byteLength(body));
  header.writeUInt8(kind, 4);
  return Buffer.concat([header, Buffer.from(body)]);
}
export const jsonFrame = (value: unknown) => frame(1, JSON.stringify(value));
export const dataFrame = (body: Buffer | string) => frame(2, body);
export const endFrame = () => frame(3, "");

export async function collectRun(
  sandbox: Workspace,
  argv: string[],
  more: Partial<Parameters<Workspace["run"]>[0]> = {},
) {
  const output = { stdout: "", stderr: "" };
  const result = await sandbox.run({ argv, timeoutMs: 20_000, ...more }, (stream, chunk) => {
    output[stream] += chunk.toString();
  });
  return { ...output, result };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function* give(...files: TreeFile[]): AsyncGenerator<TreeFile> {
  yield* files;
}

/** Resolves when `check` is true, and fails when that takes too long. */
export async function until(what: string, check: () => boolean, limitMs = 10_000): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  while (!check()) {
    if (Date.now() > giveUpAt) throw new Error(`still waiting for ${what}`);
    await pause(5);
  }
}

export async function within<Result>(limitMs: number, what: string, wait: Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const late = pause(limitMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what} took longer than ${limitMs} ms`);
  });
  late.catch(() => undefined);
  return Promise.race([wait, late]).finally(() => stop.abort());
}

/** A zombie is dead. */
export function lives(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !"ZX".includes(stat.charAt(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
