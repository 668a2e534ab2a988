// What does a sandbox cost while it runs? As the stage's own task definition has it: that is the agent's, and not what drover adds.
import { type Graph, one } from "../synth/graph.ts";
import { fargate, hourly } from "./prices.ts";

export interface SandboxSize {
  architecture: keyof typeof fargate;
  cpuUnits: number;
  memoryMb: number;
  diskGb: number;
  hasPublicAddress: boolean;
}

/** So much of its disk costs nothing. */
const includedDiskGb = 20;

export function readSandbox(graph: Graph): SandboxSize {
  const { cpu, memory, ephemeralStorage, runtimePlatform } = one(
    graph,
    "aws:ecs/taskDefinition:TaskDefinition",
    /^Default/,
  ).inputs;
  const { variables } = one(graph, "aws:lambda/function:Function", /^Dispatcher/).inputs.environment;
  return {
    architecture: runtimePlatform.cpuArchitecture,
    cpuUnits: Number(cpu),
    memoryMb: Number(memory),
    diskGb: ephemeralStorage.sizeInGib,
    hasPublicAddress: variables.DROVER_ASSIGN_PUBLIC_IP === "true",
  };
}

export function priceSandbox(size: SandboxSize, minutes: number): number {
  const { cpu, gb, diskGb } = fargate[size.architecture];
  const perHour =
    (size.cpuUnits / 1024) * cpu +
    (size.memoryMb / 1024) * gb +
    Math.max(0, size.diskGb - includedDiskGb) * diskGb +
    (size.hasPublicAddress ? hourly.publicAddress : 0);
  return (minutes / 60) * perHour;
}

export const describeSandbox = ({ architecture, cpuUnits, memoryMb, diskGb, hasPublicAddress }: SandboxSize): string =>
  `${cpuUnits / 1024} CPUs (${architecture}), ${memoryMb / 1024} GB, ${diskGb} GB of disk${hasPublicAddress ? ", a public address" : ""}`;
