// Which tasks does the ECS stand-in's test run?
import { existsSync, readFileSync } from "node:fs";
import type { LocalTaskDefinition } from "../../infra/local/ecs/endpoint.ts";
import { until } from "./ecs-until.ts";

/** Prints nothing and leaves at SIGTERM. */
export const obedient = ["/bin/sh", "-c", "echo up > obedient; exec /bin/sleep 300"];

/** Ignores SIGTERM, and so does its child. */
export const stubborn = [
  "/bin/sh",
  "-c",
  'trap "" TERM; /bin/sh -c \'trap "" TERM; echo up > stubborn; while :; do /bin/sleep 300; done\'',
];

export const definitions: LocalTaskDefinition[] = [define("pair", 3, ["supervisor", "workspace"]), define("solo", 1)];

function define(family: string, revision: number, containers = ["main"]): LocalTaskDefinition {
  return {
    family,
    revision,
    cpu: "256",
    memory: "512",
    stopTimeoutMs: 400,
    containers: containers.map((name) => ({
      name,
      essential: name !== "workspace",
      command: obedient,
      environment: { PATH: "/usr/bin:/bin", BASE: "from the definition" },
      confined: name === "workspace",
    })),
  };
}

/** The record of a task as it lies on disk. */
export function readRecord(stateDir: string, taskArn: string) {
  return JSON.parse(readFileSync(`${stateDir}/${idOf(taskArn)}.json`, "utf8")) as {
    containers: { spec: { name: string }; process?: { pid: number } }[];
    undelivered: { id: string; detail: { version: number; lastStatus: string } }[];
  };
}

export function idOf(taskArn: string): string {
  return taskArn.split("/").at(-1) ?? "";
}

export function pidOf(stateDir: string, taskArn: string, container: string): number {
  const found = readRecord(stateDir, taskArn).containers.find(({ spec }) => spec.name === container);
  if (!found?.process) throw new Error(`Container ${container} of ${taskArn} has no process`);
  return found.process.pid;
}

/** Waits until a container's program has set up what it does with signals. */
export function untilUp(stateDir: string, taskArn: string, program: "obedient" | "stubborn"): Promise<unknown> {
  const path = `${stateDir}/${idOf(taskArn)}/${program}`;
  return until(`${path} exists`, () => existsSync(path));
}
