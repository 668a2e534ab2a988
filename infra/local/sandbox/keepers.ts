// Who keeps the limits of a container on this machine: the kernel, or drover, which looks from time to time?
import type { ContainerLimits } from "../containers.ts";
import { type CgroupBase, cpuUnitsPerCpu, findCgroupBase } from "./cgroup.ts";
import { whyNoDiskImages } from "./disk-image.ts";
import { fileBytesOf, mostOpenFiles } from "./limits.ts";

export interface Keepers {
  cgroups: CgroupBase;
  /** Why a workspace has no disk of its own; undefined when it has. */
  whyNoDisks: string | undefined;
}

/** Those that need nothing of the machine: memory and disk are watched, CPUs are assigned. */
export const watchers: Keepers = {
  cgroups: { kind: "none", why: "they were not looked for" },
  whyNoDisks: "they were not looked for",
};

export async function findKeepers(): Promise<Keepers> {
  return { cgroups: findCgroupBase(), whyNoDisks: await whyNoDiskImages() };
}

/** The limits that drover only measures: they can be exceeded for a moment. */
export function listMeasured({ cgroups, whyNoDisks }: Keepers): ("memory" | "disk")[] {
  return [...(cgroups.kind === "none" ? (["memory"] as const) : []), ...(whyNoDisks ? (["disk"] as const) : [])];
}

/** One line for each limit, for people. */
export function describeLimits({ cgroups, whyNoDisks }: Keepers, limits: ContainerLimits): string[] {
  const number = (value: number) => value.toLocaleString("en-US");
  const cpus = limits.cpuUnits / cpuUnitsPerCpu;
  const byCgroup = cgroups.kind === "found";
  return [
    `memory: ${number(limits.memoryMb)} MB, ${byCgroup ? "kept by a cgroup" : `measured, since ${cgroups.why}`}`,
    `CPU: ${cpus}, ${byCgroup && cgroups.hasCpu ? "kept by a cgroup" : `on ${Math.ceil(cpus)} CPU(s) that it cannot leave`}`,
    `processes and threads: ${number(limits.processes)}, kept by the kernel`,
    `disk: ${number(limits.diskMb)} MB, ${whyNoDisks ? `measured, since ${whyNoDisks}` : "kept by an image of that size"}`,
    `one file: ${number(fileBytesOf(limits) / 2 ** 20)} MB, kept by the kernel`,
    `open files of a process: ${number(mostOpenFiles)}, kept by the kernel`,
  ];
}
