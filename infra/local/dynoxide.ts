// How does the local DynamoDB start, and end with us?
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Endpoint } from "./aws-json.ts";
import { findProgram } from "./sandbox/find-program.ts";
import { coverInherited } from "./sandbox/inherited.ts";
import { probeIsolation } from "./sandbox/isolation.ts";
import { withParentDeath } from "./sandbox/plain.ts";

const startMs = 15_000;
const stopMs = 3_000;
const keptCharacters = 2_000;
const portAttempts = 5;

type Attempt = { kind: "answers"; endpoint: Endpoint & { pid: number } } | { kind: "failed"; reason: string };

/**
 * Starts dynoxide on a free loopback port, its tables in the SQLite file `dbPath`. That should lie in a directory of its
 * own: where bubblewrap works, this directory is all that dynoxide can read and write. It ends with this process, also when
 * that is killed: the kernel sees to it, bound to the thread that starts it. So call this on the main thread.
 */
export async function startDynoxide({ dbPath }: { dbPath: string }): Promise<Endpoint & { pid: number }> {
  const binary = findBinary();
  const file = resolve(dbPath);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const bubblewrap = (await probeIsolation()).kind === "confined" ? findProgram("bwrap") : undefined;
  for (let attempt = 1; ; attempt++) {
    const port = await pickPort();
    const serve = ["serve", "--host", "127.0.0.1", "--port", String(port), "--db-path", file];
    const command = bubblewrap ? confine(bubblewrap, binary, serve, file) : withParentDeath([binary, ...serve]);
    const result = await tryStart(command, port);
    if (result.kind === "answers") return result.endpoint;
    // Between our look and its start, someone else may have taken the port.
    if (result.reason.includes("already in use") && attempt < portAttempts) continue;
    throw new Error(`The local DynamoDB (dynoxide) cannot serve ${file}: ${result.reason}`);
  }
}

function findBinary(): string {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  try {
    const { resolve: locate } = createRequire(import.meta.url);
    return join(dirname(locate(`${name}/package.json`)), "dynoxide");
  } catch (error) {
    throw new Error(
      `The local DynamoDB (dynoxide) is not installed for this machine: there is no package ${name}. Set ` +
        "AWS_ENDPOINT_URL_DYNAMODB to a DynamoDB endpoint of your own (DynamoDB Local, for one), or run npm install again.",
      { cause: error },
    );
  }
}

/** It parses what everyone on loopback sends it: so it gets the network, the directory of its file and nothing else. */
function confine(bubblewrap: string, binary: string, serve: string[], file: string): string[] {
  const options = "--unshare-all --share-net --unshare-user --die-with-parent --new-session --clearenv --cap-drop ALL";
  // SQLite sorts what is large in files.
  const disk = [
    "--size",
    String(256 << 20),
    "--tmpfs",
    "/tmp",
    "--ro-bind",
    binary,
    "/dynoxide",
    "--bind",
    dirname(file),
    dirname(file),
    "--remount-ro",
    "/",
  ];
  return [bubblewrap, ...options.split(" "), ...disk, "--", "/dynoxide", ...serve];
}

async function tryStart([program = "", ...rest]: string[], port: number): Promise<Attempt> {
  const child = spawn(program, rest, { cwd: "/", env: {}, stdio: coverInherited(["ignore", "pipe", "pipe"]) });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-keptCharacters);
    });
  }
  const ended = new Promise<string>((settle) => {
    child.once("error", (error) => settle(error.message));
    child.once("close", (code, signal) => settle(`it ended at once (${signal ?? code}). ${output.trim()}`));
  });
  const url = `http://127.0.0.1:${port}`;
  // Its own word comes first, so that whoever else may answer on this port is not taken for it.
  const answers = waitUntil(async () => output.includes(url) && (await isHealthy(url)));
  const reason = await Promise.race([ended, answers]);
  if (reason === "answers" && child.pid !== undefined) {
    return { kind: "answers", endpoint: { url, pid: child.pid, close: () => stop(child, ended) } };
  }
  await stop(child, ended);
  return { kind: "failed", reason: reason === "answers" ? "it ended." : reason };
}

async function waitUntil(isTrue: () => Promise<boolean>): Promise<string> {
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    if (await isTrue()) return "answers";
    await delay(10);
  }
  return `it did not answer within ${startMs} ms.`;
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false, // not yet
  );
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await ended;
  clearTimeout(timer);
}

async function pickPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", listening);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
