// How does a hostile agent's tree get to the supervisor, and how to one that goes and opens the files itself?
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { readFiles } from "../../functions/git/list-tree.ts";
import type { Repository } from "../../functions/git/objects.ts";
import { collectWork } from "../../functions/sandbox/collect-work.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";
import { acceptWorkspace, type Workspace } from "../../functions/sandbox/workspace.ts";
import { git, writeFiles } from "../git/native-git.ts";
import type { Field } from "./field.ts";

/** What the supervisor holds in the end. `mode` as git writes it; the naive one keeps all bits of the file. */
export type Crossed =
  | { kind: "collected"; files: { path: string; mode: string; content: string }[]; log: string; commit: string }
  | { kind: "failed"; why: string }
  | { kind: "hung" };

export interface Workshop {
  workspace: Workspace;
  repository: Repository;
}

export const baseFiles = { "README.md": "# Base\n", "src/a.txt": "one\n" };
/** More than any honest tree of this size takes. */
const patienceMs = 20_000;
const naivePatienceMs = 3_000;
const shownBytes = 2_000;
const run = promisify(execFile);
const workshops = new WeakMap<Field, Promise<Workshop>>();

/** A real runner in a real sandbox, and the supervisor's own git directory. One for all, emptied before each use. */
export async function openWorkshop(field: Field): Promise<Workshop> {
  const opening = workshops.get(field) ?? startWorkshop(field);
  workshops.set(field, opening);
  const workshop = await opening;
  await workshop.workspace.clear();
  await workshop.workspace.unpack(readFiles(workshop.repository, workshop.repository.baseCommit));
  return workshop;
}

async function startWorkshop(field: Field): Promise<Workshop> {
  const folder = field.nextFolder();
  await field.start({ language: "node", source: `import "/opt/drover/functions/sandbox/runner.ts";` }, { folder });
  const path = join(folder.root, "sockets/workspace/runner.sock");
  const workspace = await acceptWorkspace(path, { timeoutMs: 30_000 });
  field.undo(() => workspace.close());
  // A line that an attack has broken is of no use to the next one.
  workspace.lost.then(() => workshops.delete(field));
  const { bare, head } = makeBase(field);
  return { workspace, repository: { gitDir: bare, baseCommit: head, cache: {} } };
}

export function makeBase(field: Field, files: Parameters<typeof writeFiles>[1] = baseFiles) {
  const work = join(field.scratch(), "work");
  git(field.scratch(), ["init", "-q", "-b", "main", work]);
  writeFiles(work, files);
  git(work, ["add", "-A"]);
  git(work, ["commit", "-q", "-m", "Base"]);
  return { work, bare: join(work, ".git"), head: git(work, ["rev-parse", "HEAD"]).trim() };
}

/** The script runs in the sandbox; then its work is collected as always. */
export async function cross(field: Field, script: string): Promise<Crossed> {
  const { workspace, repository } = await openWorkshop(field);
  await workspace.run({ argv: ["sh", "-c", script], timeoutMs: 60_000 }, () => undefined);
  const log = new OutputLog();
  const collect = async (): Promise<Crossed> => {
    await workspace.quiesce();
    const work = await collectWork(workspace, repository, "Work", log);
    const commit = work.kind === "changed" ? work.commit : repository.baseCommit;
    return { kind: "collected", files: readChanges(repository, commit), log: log.read().toString(), commit };
  };
  const late = pause(patienceMs, { kind: "hung" } as const, { ref: false });
  return Promise.race([late, collect().catch((error: Error) => ({ kind: "failed", why: error.message }) as const)]);
}

function readChanges({ gitDir, baseCommit }: Repository, commit: string) {
  const raw = git(gitDir, ["diff-tree", "-r", "-z", "--no-renames", baseCommit, commit]).split("\0").filter(Boolean);
  return raw.flatMap((header, at) => {
    const [, mode = "", , oid = "", status] = header.split(" ");
    if (at % 2 === 1 || status === "D") return [];
    const content = mode === "160000" ? "" : git(gitDir, ["cat-file", "blob", oid]).slice(0, shownBytes);
    return [{ path: raw[at + 1] ?? "", mode, content }];
  });
}

/** Goes through a tree as `cp -rL` would, and prints it. */
const copyByPath = `
  const { readdirSync, readFileSync, statSync } = require("node:fs");
  const files = [];
  const walk = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = folder + "/" + name, stats = statSync(path);
      if (stats.isDirectory()) walk(path);
      else files.push({ path: path.slice(2), mode: (stats.mode & 0o7777).toString(8), content: readFileSync(path, "latin1").slice(0, ${shownBytes}) });
    }
  };
  walk(".");
  console.log(JSON.stringify(files));`;

/** The script runs without a wall, in a directory of its own, and a supervisor that opens paths collects what is there. */
export async function crossNaively(field: Field, script: string): Promise<Crossed> {
  const directory = field.scratch();
  await field.open({ language: "sh", source: script, files: baseFiles }, { directory });
  try {
    const options = { cwd: directory, timeout: naivePatienceMs, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;
    const { stdout } = await run(process.execPath, ["-e", copyByPath], options);
    return { kind: "collected", files: JSON.parse(stdout), log: "", commit: "" };
  } catch (error) {
    const { killed, message } = error as Error & { killed?: boolean };
    return killed ? { kind: "hung" } : { kind: "failed", why: message };
  }
}

/** The script runs in a work tree, which a supervisor that trusts it then commits with git. */
export async function commitNaively(field: Field, script: string): Promise<string> {
  const { work } = makeBase(field);
  await field.open({ language: "sh", source: script }, { directory: work });
  await trustingGit(work, ["add", "-A", "--", ":!attack.sh"]);
  await trustingGit(work, ["commit", "-q", "--allow-empty", "-m", "Work"]);
  return work;
}

/** Whoever owns the work tree. It may fail: what it has started by then counts. */
export async function trustingGit(cwd: string, args: string[], more: Record<string, string> = {}): Promise<string> {
  const identity = ["-c", "safe.directory=*", "-c", "user.name=T", "-c", "user.email=t@localhost"];
  const clean = { PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  const options = { cwd, timeout: 20_000, env: { ...clean, ...more } };
  return run("git", [...identity, ...args], options).then(
    ({ stdout }) => stdout,
    () => "",
  );
}

/** A file of the machine that only drover's own user may read. */
export function keepSecret(field: Field, name = "kept.txt"): { directory: string; path: string } {
  const directory = field.scratch();
  const path = join(directory, name);
  writeFileSync(path, field.secret, { mode: 0o600 });
  return { directory, path };
}
