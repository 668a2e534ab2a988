// How is a content scanned within limits of time and memory? By a process of its own, a new one after each that fails.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ContentScan, ContentToScan } from "./scan-content.ts";

export interface ScanLimits {
  maxBytes: number;
  /** For one content with what it is compared to. */
  fileMs: number;
  /** For all of them; what has not been scanned by then is not scanned. */
  totalMs: number;
  memoryMb: number;
}

export type ScanAnswer = ({ kind: "scanned" } & ContentScan) | { kind: "unscannable"; why: string };

export interface Scanner {
  /** `known`: what stood in its place before. */
  scan(content: Uint8Array, known?: Uint8Array[]): Promise<ScanAnswer>;
  close(): Promise<void>;
}

const startMs = 60_000;
const program = fileURLToPath(new URL(`./scan-process${extname(import.meta.filename)}`, import.meta.url));

/** One content at a time. */
export function openScanner(limits: ScanLimits, allowed: readonly string[]): Scanner {
  const deadline = performance.now() + limits.totalMs;
  let child: ChildProcess | undefined;
  async function close(): Promise<void> {
    if (child) await end(child);
    child = undefined;
  }
  return {
    close,
    async scan(content, known = []) {
      if (content.length > limits.maxBytes) return unscannable(`it is larger than ${limits.maxBytes} bytes`);
      const leftMs = Math.min(limits.fileMs, deadline - performance.now());
      if (leftMs <= 0) return unscannable("the time for all files was over");
      child ??= await start(limits);
      const comparable = known.filter((version) => version.length <= limits.maxBytes);
      const answer = await ask(child, { content, known: comparable, allowed }, leftMs);
      if (answer.kind === "unscannable") await close();
      return answer;
    },
  };
}

/**
 * A thread would not do: one that runs out of memory can take the supervisor with it. No environment and no output, so
 * that the library finds nothing to obey and has no way to print what it has read.
 */
async function start({ memoryMb }: ScanLimits): Promise<ChildProcess> {
  const child = fork(program, {
    env: {},
    execArgv: [`--max-old-space-size=${memoryMb}`],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
  // Whoever asks sees it end; without a listener, the error of a process that is gone would end the supervisor.
  child.on("error", () => undefined);
  try {
    await once(child, "message", { signal: AbortSignal.timeout(startMs) });
    return child;
  } catch (cause) {
    await end(child);
    throw new Error(`The scanner for secrets did not start within ${startMs} ms.`, { cause });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function ask(child: ChildProcess, content: ContentToScan, limitMs: number): Promise<ScanAnswer> {
  const { promise, resolve } = Promise.withResolvers<ScanAnswer>();
  const timer = setTimeout(() => resolve(unscannable(`it took longer than ${Math.ceil(limitMs)} ms`)), limitMs);
  const onMessage = ({ scan }: { scan?: ContentScan }) =>
    resolve(scan ? { kind: "scanned", ...scan } : unscannable("the scanner failed on it"));
  const onEnd = () => resolve(unscannable("the scanner ended on it"));
  child.once("message", onMessage).once("exit", onEnd);
  child.send(content, (error) => error && onEnd());
  const answer = await promise;
  clearTimeout(timer);
  child.off("message", onMessage).off("exit", onEnd);
  return answer;
}

const unscannable = (why: string): ScanAnswer => ({ kind: "unscannable", why });
