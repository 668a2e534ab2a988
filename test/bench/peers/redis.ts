// A Redis on loopback that syncs every write to its append-only file, as long as a bench needs it.
import { execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { findProgram } from "../../../infra/local/sandbox/find-program.ts";
import { withParentDeath } from "../../../infra/local/sandbox/plain.ts";

const startMs = 10_000;
const install = "apt-get install -y --no-install-recommends redis-server";

/** Debian's package; root installs it where it is missing. */
function findRedis(): string {
  const known = findProgram("redis-server");
  if (known) return known;
  if (process.getuid?.() !== 0 || !findProgram("apt-get"))
    throw new Error(`This bench compares with Redis, and there is no redis-server. Run: sudo ${install}`);
  console.error("bench: installing redis-server with apt-get, to compare with it");
  // Of the package only the program is wanted: whatever policy says, no service is started.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const stdio: StdioOptions = ["ignore", "ignore", "inherit"];
  execFileSync("apt-get", ["update", "-qq"], { env, stdio });
  execFileSync("sh", ["-c", install], { env, stdio });
  const installed = findProgram("redis-server");
  if (!installed) throw new Error("apt-get has installed redis-server, yet there is no such program.");
  return installed;
}

export async function startRedis(directory: string): Promise<{ pid: number; port: number; close(): Promise<void> }> {
  const port = await freePort();
  const options = { bind: "127.0.0.1", port, dir: directory, appendonly: "yes", appendfsync: "always", save: "" };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const [program = "", ...rest] = withParentDeath([findRedis(), ...args]);
  const child = spawn(program, rest, { stdio: "ignore" });
  const exited = once(child, "exit");
  for (const deadline = performance.now() + startMs; !(await answers(port)); await pause(20)) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error("redis-server did not come up");
  }
  return {
    ...{ pid: child.pid ?? 0, port },
    async close() {
      if (child.exitCode === null && child.kill("SIGTERM")) await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
