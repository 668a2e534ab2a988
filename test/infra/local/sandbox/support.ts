// What do the tests of the local sandbox share? A base of their own, real containers, and a way to look at processes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll } from "vitest";
import type {
  ContainerProcess,
  ContainerRecord,
  ContainerSpec,
  TaskFolder,
} from "../../../../infra/local/containers.ts";
import { removeTree, sandboxBase } from "../../../../infra/local/sandbox/disk.ts";
import { ensureImage } from "../../../../infra/local/sandbox/image.ts";
import { probeIsolation } from "../../../../infra/local/sandbox/isolation.ts";
import type { Keepers } from "../../../../infra/local/sandbox/keepers.ts";
import { readProcess } from "../../../../infra/local/sandbox/process-table.ts";

const isolation = await probeIsolation();

/** Why these tests are skipped, if they are. In CI they never are: a machine that cannot confine fails them. */
export const whySkipped = isolation.kind === "impossible" && !process.env.CI ? isolation.cause : undefined;

/** The title of a suite that needs confinement, with the reason where it is skipped. */
export const titleOf = (title: string) => (whySkipped ? `${title} (skipped: ${whySkipped})` : title);

export const isRoot = process.getuid?.() === 0;

/** A uid that is neither root nor one that containers get. */
export const ordinaryUid = 65_534;

const trees: string[] = [];
const children = new Set<ChildProcess>();
const containers = new Set<ContainerProcess>();
const records: ContainerRecord[] = [];

afterAll(async () => {
  for (const container of containers) container.signal("SIGKILL");
  await Promise.all([...containers].map((container) => container.exited));
  for (const child of children) child.kill("SIGKILL");
  for (const record of records) if (isSameProcessAlive(record)) process.kill(record.pid, "SIGKILL");
  await Promise.all(trees.map(removeTree));
});

/** An empty directory that other users may pass, removed at the end. */
export function makeDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "drover-sandbox-"));
  trees.push(path);
  chmodSync(path, 0o711);
  return path;
}

export async function makePlace() {
  const base = sandboxBase(makeDirectory());
  let count = 0;
  const nextFolder = (): TaskFolder => ({ root: join(base, "tasks", `task-${++count}`) });
  return { base, image: await ensureImage(base), nextFolder };
}

export function specOf(command: readonly string[], change: Partial<ContainerSpec> = {}): ContainerSpec {
  return { name: "workspace", essential: true, confined: true, environment: {}, command, ...change };
}

export const shell = (script: string) => ["/bin/sh", "-c", script];

/** Ends with the tests, whatever becomes of the test that started it. */
export function ending(container: ContainerProcess): ContainerProcess {
  containers.add(container);
  container.exited.then(() => containers.delete(container));
  return container;
}

export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 15_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(5);
  }
}

/** The content of a file once it is there and not empty. */
export function untilWritten(path: string): Promise<string> {
  return until(`${path} is written`, () => {
    try {
      return readFileSync(path, "utf8") || undefined;
    } catch {
      return undefined;
    }
  });
}

export function isSameProcessAlive(record: ContainerRecord): boolean {
  return readProcess(record.pid)?.startTicks === record.startTicks;
}

export const pidNamespaceOf = (pid: number | "self") => readlinkSync(`/proc/${pid}/ns/pid`);

/** Every live process in this pid namespace, zombies left out. */
export function listNamespace(namespace: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pidNamespaceOf(pid) === namespace && readProcess(pid) !== undefined;
      } catch {
        return false; // gone, or not ours
      }
    });
}

export interface StackOrder {
  base: string;
  image: string;
  folder: TaskFolder;
  spec: ContainerSpec;
  diesWithParent?: boolean;
  unconfined?: boolean;
  keepers?: Keepers;
}

/** Another drover process, which starts one container and holds it; as another user if asked. */
export async function startStack(order: StackOrder, options: { uid?: number; inherited?: number } = {}) {
  const { uid, inherited } = options;
  const stdio: ("pipe" | "inherit" | "ignore" | number)[] = ["ignore", "pipe", "inherit"];
  if (inherited !== undefined) {
    while (stdio.length < 40) stdio.push("ignore");
    stdio.push(inherited);
  }
  const fixture = join(import.meta.dirname, "fixtures/stack.ts");
  const env = { PATH: process.env.PATH, DROVER_TEST_SECRET: "of the stack" };
  const child = spawn(process.execPath, [fixture, JSON.stringify(order)], {
    stdio,
    env,
    ...(uid && { uid, gid: uid }),
  });
  children.add(child);
  const [line] = await Promise.race([
    once(child.stdout ?? child, "data"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the stack ended with ${code}`))),
  ]);
  const record: ContainerRecord = JSON.parse(String(line));
  records.push(record);
  return { child, record };
}

export async function killHard(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** For tests that fill a workspace before its container starts. */
export function makeWorkspace(folder: TaskFolder): string {
  const path = join(folder.root, "workspace");
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
}
