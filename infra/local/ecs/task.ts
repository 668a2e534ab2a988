// What does the endpoint know about one task?
import type { ContainerProcess, ContainerRecord, ContainerSpec } from "../containers.ts";
import type { EcsTaskStateChange } from "./state-change.ts";

export interface LocalTaskDefinition {
  family: string;
  revision: number;
  cpu: string;
  memory: string;
  /** From SIGTERM to SIGKILL, as `stopTimeout` of the containers. */
  stopTimeoutMs: number;
  containers: ContainerSpec[];
}

export type TaskStatus = "PROVISIONING" | "PENDING" | "RUNNING" | "STOPPING" | "DEPROVISIONING" | "STOPPED";
export type StopCode = "TaskFailedToStart" | "EssentialContainerExited" | "UserInitiated";

export interface ContainerState {
  /** With the overrides of this task applied. */
  spec: ContainerSpec;
  lastStatus: "PENDING" | "RUNNING" | "STOPPED";
  process?: ContainerRecord;
  exitCode?: number;
  reason?: string;
}

/** The task as its file holds it. Times are epoch milliseconds. */
export interface TaskRecord {
  id: string;
  family: string;
  revision: number;
  cpu: string;
  memory: string;
  stopTimeoutMs: number;
  group: string;
  startedBy?: string;
  capacityProvider?: string;
  overrides: Record<string, unknown>;
  tags: { key: string; value?: string }[];
  /** The RunTask call that made this task, to recognise the same call again. */
  launch?: { clientToken: string; requestHash: string; taskIds: string[] };
  lastStatus: TaskStatus;
  desiredStatus: "RUNNING" | "STOPPED";
  /** Counts the changes, from 1. */
  version: number;
  containers: ContainerState[];
  createdAt: number;
  pullStartedAt?: number;
  pullStoppedAt?: number;
  startedAt?: number;
  stoppingAt?: number;
  executionStoppedAt?: number;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
  /** It has stopped, and its folder could not be removed yet. */
  leftFolder?: true;
  /** Events that nobody has acknowledged yet, oldest first. Written with the change they tell of, so none is lost. */
  undelivered: EcsTaskStateChange[];
}

/** A task in memory: its record and what only this process can hold. */
export interface LiveTask {
  record: TaskRecord;
  /** The containers known to live, by name. */
  processes: Map<string, ContainerProcess>;
  killTimer?: NodeJS.Timeout;
  delivering: boolean;
  ended: PromiseWithResolvers<void>;
}

export function holdTask(record: TaskRecord): LiveTask {
  return { record, processes: new Map(), delivering: false, ended: Promise.withResolvers() };
}

/** The record's containers with one of them changed. */
export function withContainer(record: TaskRecord, name: string, patch: Partial<ContainerState>): ContainerState[] {
  return record.containers.map((container) => (container.spec.name === name ? { ...container, ...patch } : container));
}
