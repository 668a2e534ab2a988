// What outlives the processes that made it? Shared memory, semaphores and message queues: they belong to the namespace.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { agentCommand } from "./as-agent.ts";
import type { RunnerSettings } from "./environment.ts";

const tables = ["shm", "sem", "msg"].map((kind) => `/proc/sysvipc/${kind}`);
const queues = "/dev/mqueue";
const removeScript = `ipcrm --all; find ${queues} -mindepth 1 -delete`;

/** Once nothing of the agent's runs any more. Outside of a namespace they may be somebody's, and are left alone. */
export async function removeIpc({ confined, asAgent }: Pick<RunnerSettings, "confined" | "asAgent">): Promise<void> {
  if (!confined || countIpc() === 0) return;
  const command = ["/bin/sh", "-c", removeScript];
  const [program = "", ...args] = asAgent === undefined ? command : agentCommand(asAgent, command);
  const child = spawn(program, args, { cwd: "/", env: { PATH: process.env.PATH }, stdio: "ignore" });
  await once(child, "close");
  const left = countIpc();
  if (left > 0) throw new Error(`${left} pieces of shared memory, semaphores or message queues cannot be removed`);
}

/** Each table has a line above its rows. */
function countIpc(): number {
  const rows = tables.map((table) => readOrNothing(table).split("\n").slice(1).filter(Boolean).length);
  return rows.reduce((sum, count) => sum + count, listQueues().length);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // a kernel without such things
  }
}

function listQueues(): string[] {
  try {
    return readdirSync(queues);
  } catch {
    return []; // not mounted: nothing can be looked at, and nothing removed
  }
}
