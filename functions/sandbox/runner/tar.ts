// How does the runner use the system's tar?
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Answer } from "../protocol.ts";

const maxWordsBytes = 1500;

/** Names are bytes to us, and messages are for people: one locale for all. */
const environment = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", LANGUAGE: "C" };

export interface Tar {
  stdin: Writable;
  stdout: Readable;
  /** `tolerable` is the highest exit code that still counts as done. */
  ended(tolerable: number): Promise<Answer>;
}

export function startTar(args: string[], workspace: string, signal: AbortSignal): Tar {
  const child = spawn("tar", ["--directory", workspace, ...args], { env: environment, signal, killSignal: "SIGKILL" });
  // A tar that ends early closes its end of the pipe; its exit code says why.
  child.stdin.on("error", () => undefined);
  const words = collectWords(child.stderr);
  const ending = waitForEnd(child);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    async ended(tolerable) {
      const { exitCode, why } = await ending;
      if (exitCode !== null && exitCode <= tolerable) return { kind: "done" };
      return { kind: "failed", why: `tar: ${why ?? words()}`.slice(0, 2000) };
    },
  };
}

function waitForEnd(child: ChildProcess): Promise<{ exitCode: number | null; why?: string }> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, why: error.message }));
    child.once("close", (exitCode, signal) => resolve({ exitCode, ...(signal && { why: `ended by ${signal}` }) }));
  });
}

/** The first words only; the rest is read and dropped, so that tar never waits for us. */
function collectWords(stderr: Readable): () => string {
  let words = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    if (words.length < maxWordsBytes) words += text;
  });
  return () => words.slice(0, maxWordsBytes).trim();
}
