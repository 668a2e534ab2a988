// How do the containers of the task definition run from the image's files, near to how Fargate runs them? By runc.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import type { ContainerProcess, ContainerRuntime, ContainerSpec, TaskFolder } from "../../infra/local/containers.ts";
import { readProcess } from "../../infra/local/sandbox/process-table.ts";
import { describeContainer } from "./oci-config.ts";

const run = promisify(execFile);
const startMs = 20_000;
const lookMs = 25;

/** `rootfs` holds the image's files; nothing writes there. Containers do not outlive this process's interest in them. */
export function createRuncRuntime(rootfs: string, task: RegisterTaskDefinitionCommandInput): ContainerRuntime {
  const volumesMade = new Map<string, Promise<void>>();

  /** As Fargate does: what the image has at the path of a volume is what that is filled with, owner and mode included. */
  async function makeVolumes({ root }: TaskFolder): Promise<void> {
    const mounts = (task.containerDefinitions ?? []).flatMap(({ mountPoints = [] }) => mountPoints);
    await mkdir(join(root, "volumes"), { recursive: true });
    const paths = new Map(mounts.map((mount) => [String(mount.sourceVolume), String(mount.containerPath)]));
    for (const [name, path] of paths) await run("cp", ["-a", join(rootfs, path), join(root, "volumes", name)]);
  }

  return {
    async start(spec, folder) {
      if (!volumesMade.has(folder.root)) volumesMade.set(folder.root, makeVolumes(folder));
      await volumesMade.get(folder.root);
      const definition = task.containerDefinitions?.find(({ name }) => name === spec.name);
      if (!definition) throw new Error(`There is no container ${spec.name} in the task definition.`);
      const bundle = join(folder.root, spec.name);
      mkdirSync(bundle);
      const config = describeContainer(rootfs, join(folder.root, "volumes"), definition, spec.environment);
      await writeFile(join(bundle, "config.json"), JSON.stringify(config));
      return startBundle(bundle, idOf(folder, spec));
    },
    adopt: () => undefined,
    async remove({ root }) {
      await rm(root, { recursive: true, force: true });
    },
  };
}

export const idOf = ({ root }: TaskFolder, { name }: Pick<ContainerSpec, "name">) => `drover-${basename(root)}-${name}`;

async function startBundle(bundle: string, id: string): Promise<ContainerProcess> {
  const log = openSync(`${bundle}.log`, "a");
  const child = spawn("runc", ["run", "--bundle", bundle, id], { stdio: ["ignore", log, log] });
  closeSync(log);
  const ended = once(child, "exit").then(([code]) => ({ exitCode: (code as number | null) ?? undefined }));
  await Promise.race([ended, untilRunning(id)]);
  const record = { pid: child.pid ?? 0, startTicks: readProcess(child.pid ?? 0)?.startTicks ?? "ended" };
  // `runc kill` fails once the container is gone, which is what a kill wants.
  const signal = (name: string) => void run("runc", ["kill", id, name]).catch(() => undefined);
  return { record, exited: ended, signal };
}

async function untilRunning(id: string): Promise<void> {
  for (const giveUpAt = performance.now() + startMs; performance.now() < giveUpAt; await pause(lookMs)) {
    const state = await run("runc", ["state", id]).catch(() => undefined); // Not there yet.
    if (state && JSON.parse(state.stdout).status !== "creating") return;
  }
  throw new Error(`runc did not start ${id} in ${startMs} ms.`);
}
