// What does the ECS stand-in need from whatever starts processes on this machine?

export interface ContainerSpec {
  /** As in the task definition: `supervisor`, `workspace`, `gates`. */
  name: string;
  /** The task ends when an essential container ends. */
  essential: boolean;
  /** Program and arguments. `node` means drover's own runtime. */
  command: readonly string[];
  /** The whole environment: nothing is inherited from this process. */
  environment: Readonly<Record<string, string>>;
  /** True: inside its own namespaces, with only its workspace writable. False: a plain process (trusted code only). */
  confined: boolean;
  /** From SIGTERM to SIGKILL, instead of the task's. 0: it is not asked, but killed. */
  stopTimeoutMs?: number;
  /** Of a confined one. Without them it meets only the limits that keep the machine from harm. */
  limits?: ContainerLimits;
}

/** What all processes of a container together may take. One that takes more is ended, and the reason says so. */
export interface ContainerLimits {
  memoryMb: number;
  /** 1024 for one CPU, as in a task definition. */
  cpuUnits: number;
  /** Threads count as well. */
  processes: number;
  /** What lies in its workspace; /tmp and its home are memory. */
  diskMb: number;
}

/**
 * The disk of one ECS task. `sockets/<container>/` is the volume which that confined container shares with the
 * supervisor: the supervisor listens there, the container sees it read-only at /run/drover. What a confined container
 * may write (/workspace) is `workspace/` for the one of that name and `workspace-<container>/` for any other.
 * `<container>.log` keeps what a container printed. A plain container starts with this folder as its working
 * directory, so that it names its sockets by a short relative path (a socket path has 107 bytes at most).
 */
export interface TaskFolder {
  root: string;
}

/** Enough to find a container again after a restart of this process: a pid alone may have been given to another. */
export interface ContainerRecord {
  pid: number;
  /** Field 22 of /proc/<pid>/stat. */
  startTicks: string;
  /** The ordinary uid that a confined container runs under, when this process is root. */
  uid?: number;
  /** Where the kernel keeps its memory; without, that is watched. */
  cgroup?: string;
  /** Its workspace, where that has no disk of its own and is watched. */
  watchedDisk?: string;
}

export interface ContainerEnd {
  exitCode: number | undefined;
  /** Why it was ended, where that was for a limit: as ECS says it, so `OutOfMemoryError: …` for memory. */
  reason?: string;
}

export interface ContainerProcess {
  readonly record: ContainerRecord;
  /** Settles once no process of the container lives. Exit code 137 after SIGKILL, 143 after SIGTERM; undefined if unknown (adopted). */
  readonly exited: Promise<ContainerEnd>;
  /** SIGTERM asks; SIGKILL ends every process of the container, whatever it forked. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
}

export interface ContainerRuntime {
  /** Rejects with a message for people when the container cannot start. */
  start(spec: ContainerSpec, folder: TaskFolder): Promise<ContainerProcess>;
  /** The container that `start` recorded, if it still lives. */
  adopt(record: ContainerRecord, spec: ContainerSpec): ContainerProcess | undefined;
  /** Removes the task's disk; only after every container has exited. */
  remove(folder: TaskFolder): Promise<void>;
}
