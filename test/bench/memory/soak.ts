// Is anything left behind by tasks that came and went? The same is weighed again and again while they do.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sandboxBase } from "../../../infra/local/sandbox/disk.ts";
import { live } from "../stack/live.ts";
import { descriptorsOf, pssMbOf, treeOf } from "../stack/process-usage.ts";
import { runCommand } from "../stack/run-task.ts";
import type { PuppetStack } from "../stack/start-puppets.ts";
import type { Stack } from "../stack/start-stack.ts";

export interface Look {
  /** Tasks that have come and gone. */
  tasks: number;
  /** By what it is. */
  values: Record<string, number>;
}

/** So often it is looked: before the first, and after each tenth. */
const parts = 10;

/** Several at once, and all of them over at each look. */
async function soak(tasks: number, atOnce: number, act: () => Promise<void>, look: () => Promise<Look["values"]>) {
  const looks: Look[] = [{ tasks: 0, values: await look() }];
  for (let part = 1; part <= parts; part += 1) {
    const until = Math.round((tasks * part) / parts);
    let begun = looks.at(-1)?.tasks ?? 0;
    const work = async () => {
      while (begun < until) {
        begun += 1;
        await act();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    looks.push({ tasks: until, values: await look() });
  }
  return looks;
}

export const soakPuppets = (stack: PuppetStack, repository: string, tasks: number): Promise<Look[]> =>
  soak(
    tasks,
    8,
    () => live(stack, repository),
    async () => ({ "live heap, MB": await stack.weighHeap(), descriptors: descriptorsOf(stack.pid) }),
  );

/** Each clones, changes a file and pushes; its branch is removed again, so that the remote does not grow. */
export const soakSandboxes = (stack: Stack, repository: string, tasks: number): Promise<Look[]> =>
  soak(
    tasks,
    3,
    async () => {
      const taskId = await runCommand(stack, repository, ["sh", "-c", "date +%N >changed.txt"]);
      execFileSync("git", ["branch", "--quiet", "-D", `drover/${taskId}`], { cwd: repository });
    },
    async () => ({
      // First, since it makes the process collect.
      "live heap of drover, MB": await stack.weighHeap(),
      "memory of drover, MB": pssMbOf([stack.pid]),
      "memory of its DynamoDB, MB": pssMbOf(treeOf(stack.pid).slice(1)),
      "descriptors of drover": descriptorsOf(stack.pid),
      "processes below drover": treeOf(stack.pid).length - 1,
      "disks of sandboxes": countDisks(stack.dataDir),
      "data on disk, MB": sizeMbOf(stack.dataDir),
    }),
  );

function countDisks(dataDir: string): number {
  const folder = join(sandboxBase(dataDir), "tasks");
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length;
}

const sizeMbOf = (path: string) =>
  Number(execFileSync("du", ["-sk", path], { encoding: "utf8" }).split("\t")[0]) / 1024;
