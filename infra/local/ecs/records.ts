// How does a task outlive the endpoint's process? One file per task, replaced whole at every change.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Ecs } from "./context.ts";
import type { LiveTask, TaskRecord } from "./task.ts";

// The file lies beside the task's folder, not in it: the folder goes before the task is STOPPED, while the record must
// stay, and overrides carry tokens that no container needs to see.
const recordName = /^[0-9a-f]{32}\.json$/;
const halfWrittenName = /^[0-9a-f]{32}\.json\.tmp$/;

/**
 * Synchronous on purpose: memory and disk change in one step, so no two writes of a task can overtake each other.
 * Without fsync: this survives the end of the process; when the machine goes down, so do the containers.
 */
export function writeRecord(stateDir: string, record: TaskRecord): void {
  const path = recordPath(stateDir, record.id);
  writeFileSync(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export function deleteRecord(stateDir: string, id: string): void {
  rmSync(recordPath(stateDir, id), { force: true });
}

/** Saves a task that is already known. A full disk must not keep it from being stopped, so memory goes on without it. */
export function saveTask(ecs: Ecs, task: LiveTask): void {
  try {
    writeRecord(ecs.stateDir, task.record);
  } catch (error) {
    console.error(`local ECS: task ${task.record.id} is not on disk as version ${task.record.version}`, error);
  }
}

/** Every task that an earlier endpoint left, oldest first. */
export function readRecords(stateDir: string): TaskRecord[] {
  // The uid of a container must get through to its own folder, without seeing the others.
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  const names = readdirSync(stateDir);
  for (const name of names) if (halfWrittenName.test(name)) rmSync(`${stateDir}/${name}`, { force: true });
  return names
    .filter((name) => recordName.test(name))
    .map((name) => readRecord(`${stateDir}/${name}`))
    .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

function readRecord(path: string): TaskRecord {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as TaskRecord;
  } catch (cause) {
    // Skipping it would forget a task whose containers may live.
    throw new Error(`Cannot read the ECS task in ${path}. End its containers by hand, then remove the file.`, {
      cause,
    });
  }
}

function recordPath(stateDir: string, id: string): string {
  return `${stateDir}/${id}.json`;
}
