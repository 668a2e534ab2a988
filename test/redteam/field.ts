// Where do attacks take place? In real sandboxes, beside victims of their own, on a machine that is left as it was.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import type { ContainerLimits, TaskFolder } from "../../infra/local/containers.ts";
import { startConfined, type Weaken } from "../../infra/local/sandbox/confined.ts";
import { removeTree, sandboxBase } from "../../infra/local/sandbox/disk.ts";
import { ensureImage } from "../../infra/local/sandbox/image.ts";
import { type Keepers, watchers } from "../../infra/local/sandbox/keepers.ts";
import { containerGid, isRoot } from "../../infra/local/sandbox/ordinary-user.ts";
import { isAlive } from "../../infra/local/sandbox/process-table.ts";

/** What an attacker brings along. It prints what it gets hold of. */
export interface Program {
  language: "node" | "perl" | "sh";
  source: string;
  /** Arguments of the program. */
  args?: string[];
  /** Further files in its directory, by name. */
  files?: Record<string, string | Buffer>;
}

export interface Conditions {
  weaken?: Weaken;
  limits?: ContainerLimits;
  keepers?: Keepers;
  environment?: Record<string, string>;
  folder?: TaskFolder;
  /** Which container of its task it is; the agent's own if left out. */
  container?: "workspace" | "gates";
  image?: string;
  /** The last preparation of the workspace: what drover's own user leaves there stays its own. */
  prepare?(workspace: string): void;
  /** How long it may take. */
  timeMs?: number;
}

export interface Running {
  pid: number;
  folder: TaskFolder;
  /** What it has printed, once it has ended. */
  printed(): string;
  /** The content of a file in its workspace, once it has one. */
  untilWritten(name: string): Promise<string>;
  ended: Promise<void>;
  kill(): Promise<void>;
}

export interface Field {
  /** A secret that nobody can guess: who prints it has had it. */
  secret: string;
  /** The uid of every attacker and victim, so that it is not only another uid that protects them. */
  uid: number | undefined;
  image: string;
  scratch(): string;
  nextFolder(): TaskFolder;
  /** Runs it in a sandbox to its end, and returns what it printed. */
  confined(program: Program, conditions?: Conditions): Promise<string>;
  start(program: Program, conditions?: Conditions): Promise<Running>;
  /** Runs it without any confinement under the same uid, in a directory of its own. */
  open(program: Program, options?: { environment?: Record<string, string>; directory?: string }): Promise<string>;
  /** A process of the machine that holds the secret in its environment and its memory. */
  victim(): Promise<{ pid: number; isAlive(): boolean; settle(): Promise<void> }>;
  /** To be undone at the end, last one first. */
  undo(action: () => unknown): void;
  close(): Promise<void>;
}

const interpreters = { node: ["node"], perl: ["perl"], sh: ["/bin/sh"] } as const;
const fixedUid = 765_432;
const patienceMs = 60_000;
const lookMs = 10;

export async function openField(): Promise<Field> {
  const uid = isRoot() ? fixedUid : undefined;
  const undoing: (() => unknown)[] = [];
  const secret = `secret-${randomBytes(12).toString("hex")}`;
  const scratch = () => {
    const path = mkdtempSync(join(tmpdir(), "drover-redteam-"));
    undoing.push(() => removeTree(path));
    chmodSync(path, 0o711);
    return path;
  };
  const base = sandboxBase(scratch());
  const image = await ensureImage(base);
  let folders = 0;

  async function start(program: Program, conditions: Conditions = {}): Promise<Running> {
    const { folder = nextFolder(), environment = {}, limits, weaken, prepare, keepers = watchers } = conditions;
    const { container: name = "workspace" } = conditions;
    const workspace = join(folder.root, name === "workspace" ? name : `workspace-${name}`);
    mkdirSync(workspace, { recursive: true, mode: 0o755 });
    const command = place(program, workspace);
    giveTo(uid, workspace);
    prepare?.(workspace);
    const spec = {
      name,
      essential: true,
      confined: true,
      environment,
      command,
      ...(limits && { limits }),
    };
    const options = { image: conditions.image ?? image, uid, diesWithParent: true, keepers, ...(weaken && { weaken }) };
    const { record, mainEnded } = await startConfined(spec, folder, options);
    const kill = async () => {
      if (isAlive(record)) process.kill(record.pid, "SIGKILL");
      await mainEnded;
    };
    undoing.push(kill);
    const printed = () => readFileSync(join(folder.root, `${name}.log`), "utf8");
    const untilWritten = async (name: string) => {
      for (const giveUpAt = Date.now() + patienceMs; Date.now() < giveUpAt; await pause(lookMs)) {
        const content = readOrNothing(join(workspace, name));
        if (content !== "") return content;
      }
      throw new Error(`there is no ${name} in ${workspace}; it printed ${JSON.stringify(printed())}`);
    };
    return { pid: record.pid, folder, printed, untilWritten, ended: mainEnded.then(() => undefined), kill };
  }

  const nextFolder = () => ({ root: join(base, "tasks", `attack-${++folders}`) });
  return {
    ...{ secret, uid, image, scratch, nextFolder, start },
    async confined(program, conditions) {
      const running = await start(program, conditions);
      const timer = setTimeout(running.kill, conditions?.timeMs ?? patienceMs);
      await running.ended;
      clearTimeout(timer);
      return running.printed();
    },
    async open(program, { environment = {}, directory = scratch() } = {}) {
      const [interpreter = "", ...rest] = place(program, directory);
      giveTo(uid, directory);
      const child = spawn(interpreter === "node" ? process.execPath : interpreter, rest, {
        cwd: directory,
        env: { PATH: process.env.PATH, ...environment },
        stdio: ["ignore", "pipe", "inherit"],
        ...(uid && { uid, gid: containerGid }),
      });
      undoing.push(() => child.kill("SIGKILL"));
      const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      const printed = await text(child.stdout);
      clearTimeout(timer);
      return printed;
    },
    async victim() {
      // It lets itself be traced by anybody: not the kernel's caution shall protect it, but the sandbox.
      const prctl = process.arch === "x64" ? 157 : 167;
      const source = `syscall(${prctl}, 0x59616d61, -1, 0, 0, 0); $kept = "$ENV{SECRET}"; $| = 1; print "up\\n"; sleep while 1`;
      const child = spawn("perl", ["-e", source], {
        env: { PATH: process.env.PATH, SECRET: secret },
        stdio: ["ignore", "pipe", "inherit"],
        ...(uid && { uid, gid: containerGid }),
      });
      undoing.push(() => end(child));
      await once(child.stdout, "data");
      const { pid = 0 } = child;
      const isAlive = () => child.exitCode === null && child.signalCode === null;
      // One that the kernel has ended already is seen to be dead before we are told.
      const settle = async () => {
        if (isAlive() && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) await once(child, "exit");
      };
      return { pid, isAlive, settle };
    },
    undo: (action) => void undoing.push(action),
    async close() {
      for (const action of undoing.splice(0).reverse()) await action();
    },
  };
}

/** Writes the program and its files; returns how to call it there. */
function place({ language, source, args = [], files = {} }: Program, directory: string): string[] {
  const name = { node: "attack.mjs", perl: "attack.pl", sh: "attack.sh" }[language];
  for (const [path, content] of Object.entries({ ...files, [name]: source })) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return [...interpreters[language], name, ...args];
}

/** Everything in it belongs to the attacker. */
function giveTo(uid: number | undefined, directory: string): void {
  if (uid === undefined) return;
  chownSync(directory, uid, containerGid);
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    lchownSync(join(entry.parentPath, entry.name), uid, containerGid);
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not yet
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
