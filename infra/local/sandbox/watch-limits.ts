// Which limit ended a container, if one did?
import type { ContainerLimits, ContainerRecord, ContainerSpec } from "../containers.ts";
import { hasRunOutOfMemory, removeCgroup } from "./cgroup.ts";
import { watchDisk } from "./watch-disk.ts";
import { watchUsage } from "./watch-usage.ts";

type Limit = "memory" | "processes" | "disk";

export interface LimitWatch {
  /** Once nothing of it lives: the reason as ECS gives it, undefined when no limit was involved. */
  end(): Promise<string | undefined>;
}

/** `kill` ends the container; it is called when a limit is exceeded that the kernel does not keep. */
export function watchLimits(spec: ContainerSpec, record: ContainerRecord, kill: () => void): LimitWatch | undefined {
  const { limits } = spec;
  if (!limits) return undefined;
  const { cgroup, watchedDisk: workspace } = record;
  const stop = new AbortController();
  let exceeded: Limit | undefined;
  const exceed = (limit: Limit) => {
    exceeded ??= limit;
    kill();
  };
  const stopUsage = watchUsage({ record, limits, memory: cgroup === undefined, onExceeded: exceed });
  if (workspace) {
    watchDisk({ record, limits, workspace, onExceeded: () => exceed("disk") }, stop.signal).catch((error: unknown) =>
      console.error(`the disk of ${spec.name} in ${workspace} is no longer watched`, error),
    );
  }
  return {
    async end() {
      stop.abort();
      stopUsage();
      if (cgroup && hasRunOutOfMemory(cgroup)) exceeded ??= "memory";
      if (cgroup) await removeCgroup(cgroup);
      return exceeded && explain(exceeded, spec.name, limits);
    },
  };
}

function explain(limit: Limit, name: string, limits: ContainerLimits): string {
  const whose = name === "workspace" ? "The sandbox" : `The sandbox of the ${name}`;
  const count = (value: number) => value.toLocaleString("en-US");
  switch (limit) {
    case "memory":
      return `OutOfMemoryError: ${whose} used more than its ${count(limits.memoryMb)} MB of memory.`;
    case "processes":
      return `ProcessLimitError: ${whose} ran all of its ${count(limits.processes)} processes and threads at once.`;
    case "disk":
      return `DiskLimitError: ${whose} wrote more than its ${count(limits.diskMb)} MB of disk.`;
  }
}
