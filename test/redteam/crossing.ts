// How does a hostile agent's tree get to the supervisor, and how to one that goes and opens the files itself?
import { execFile, execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { readFiles } from "../../functions/git/list-tree.ts";
import { type Repository, readCommit, readTree } from "../../functions/git/objects.ts";
import { textOfBytes } from "../../functions/git/tree-object.ts";
import { collectWork } from "../../functions/sandbox/collect-work.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";
import { acceptWorkspace, type Workspace } from "../../functions/sandbox/workspace.ts";
import { containerGid } from "../../infra/local/sandbox/ordinary-user.ts";
import { git, writeFiles } from "../git/native-git.ts";
import type { Edit } from "../simulation/mutants/edit.ts";
import type { Field } from "./field.ts";
import { type Unguarded, withoutSafeguard } from "./unguarded.ts";

/** What the supervisor holds in the end. `mode` as the tree has it, or that of the file where it was opened by path. */
export type Crossed =
  | { kind: "collected"; files: { path: string; mode: string; content: string }[]; log: string; commit: string }
  | { kind: "failed"; why: string }
  | { kind: "hung" };

export interface Workshop {
  workspace: Workspace;
  repository: Repository;
  /** What the sandbox sees as its workspace. */
  directory: string;
  collectWork: typeof collectWork;
  end(): Promise<void>;
}

export const baseFiles = { "README.md": "# Base\n", "src/a.txt": "one\n" };
/** More than any honest tree of this size takes. */
const patienceMs = 20_000;
/** What an operation may take where a safeguard is missing: that it takes longer is then the harm. */
const unguardedMs = 3_000;
const shownBytes = 2_000;
const run = promisify(execFile);
const workshops = new WeakMap<Field, Promise<Workshop>>();
const ourCode = { acceptWorkspace, collectWork };

/** A real runner in a real sandbox, and the supervisor's own git directory. One for all, emptied before each use. */
export async function openWorkshop(field: Field): Promise<Workshop> {
  const opening = workshops.get(field) ?? startWorkshop(field);
  workshops.set(field, opening);
  const workshop = await opening;
  // A line that an attack has broken is of no use to the next one.
  workshop.workspace.lost.then(() => workshops.delete(field));
  await reset(workshop);
  return workshop;
}

async function reset({ workspace, repository }: Workshop): Promise<void> {
  await workspace.clear();
  await workspace.unpack(readFiles(repository, repository.baseCommit));
}

async function startWorkshop(field: Field, unguarded?: Unguarded): Promise<Workshop> {
  const folder = field.nextFolder();
  const runner = { language: "node", source: `import "/opt/drover/sandbox/runner.js";` } as const;
  const running = await field.start(runner, { folder, ...(unguarded && { weaken: unguarded.weaken }) });
  const code = unguarded ? await loadCode(unguarded) : ourCode;
  const options = { timeoutMs: 30_000, ...(unguarded && { operationMs: unguardedMs }) };
  const workspace = await code.acceptWorkspace(join(folder.root, "sockets/workspace/runner.sock"), options);
  field.undo(() => workspace.close());
  const { bare, head } = makeBase(field);
  const repository = { gitDir: bare, baseCommit: head, cache: {} };
  return { ...code, workspace, repository, directory: join(folder.root, "workspace"), end: running.kill };
}

async function loadCode({ load }: Unguarded): Promise<typeof ourCode> {
  return {
    ...(await load<typeof import("../../functions/sandbox/workspace.ts")>("functions/sandbox/workspace.ts")),
    ...(await load<typeof import("../../functions/sandbox/collect-work.ts")>("functions/sandbox/collect-work.ts")),
  };
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
  return crossIn(await openWorkshop(field), script);
}

/** One without a safeguard, on both sides of the socket. */
export async function openWorkshopWithout(field: Field, edits: readonly Edit[]): Promise<Workshop> {
  const workshop = await startWorkshop(field, withoutSafeguard(field, edits));
  await reset(workshop);
  return workshop;
}

export async function crossWithout(field: Field, script: string, edits: readonly Edit[]): Promise<Crossed> {
  const workshop = await openWorkshopWithout(field, edits);
  // It may be beyond an orderly end.
  return crossIn(workshop, script).finally(workshop.end);
}

async function crossIn({ workspace, repository, collectWork }: Workshop, script: string): Promise<Crossed> {
  await workspace.run(commandOf(script), () => undefined);
  const log = new OutputLog();
  const collect = async (): Promise<Crossed> => {
    await workspace.quiesce();
    const work = await collectWork(workspace, repository, "Work", log);
    const commit = work.kind === "changed" ? work.commit : repository.baseCommit;
    return { kind: "collected", files: await readChanges(repository, commit), log: log.read().toString(), commit };
  };
  const late = pause(patienceMs, { kind: "hung" } as const, { ref: false });
  return Promise.race([late, collect().catch((error: Error) => ({ kind: "failed", why: error.message }) as const)]);
}

const commandOf = (script: string) => ({ argv: ["sh", "-c", script], timeoutMs: 60_000 });

/** As the objects have them: git itself would show other modes. */
async function readChanges(repository: Repository, commit: string) {
  const before = new Map((await listRaw(repository, repository.baseCommit)).map((entry) => [entry.path, entry]));
  const isNew = ({ path, mode, oid }: RawFile) => before.get(path)?.oid !== oid || before.get(path)?.mode !== mode;
  return (await listRaw(repository, commit)).filter(isNew).map(({ path, mode, oid }) => {
    const content = mode === "160000" ? "" : git(repository.gitDir, ["cat-file", "blob", oid]).slice(0, shownBytes);
    return { path, mode, content };
  });
}

type RawFile = { path: string; mode: string; oid: string };

async function listRaw(repository: Repository, commit: string): Promise<RawFile[]> {
  const list = async (tree: string, prefix: string): Promise<RawFile[]> => {
    const files: RawFile[] = [];
    for (const { name, mode, oid } of await readTree(repository, tree)) {
      const path = prefix + (textOfBytes(name) ?? name);
      if (mode === "40000") files.push(...(await list(oid, `${path}/`)));
      else files.push({ path, mode, oid });
    }
    return files;
  };
  return list((await readCommit(repository, commit)).tree, "");
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

/** The script runs in the same sandbox, and a supervisor that opens paths collects what it has left. */
export async function crossByPath(field: Field, script: string): Promise<Crossed> {
  const { workspace, directory } = await openWorkshop(field);
  await workspace.run(commandOf(script), () => undefined);
  const options = { cwd: directory, maxBuffer: 2 ** 26 };
  const { stdout } = await run(process.execPath, ["-e", copyByPath], options);
  return { kind: "collected", files: JSON.parse(stdout), log: "", commit: "" };
}

/** The script runs in the same sandbox, with the git directory in its work tree, and its supervisor commits with git. */
export async function commitNaively(field: Field, script: string): Promise<string> {
  const { workspace, repository, directory } = await openWorkshop(field);
  const placed = join(directory, ".git");
  cpSync(repository.gitDir, placed, { recursive: true });
  if (field.uid) execFileSync("chown", ["-R", `${field.uid}:${containerGid}`, placed]);
  await workspace.run(commandOf(script), () => undefined);
  await workspace.quiesce();
  // What git writes as the machine's user would be in the way of the next attack.
  const work = join(field.scratch(), "work");
  execFileSync("cp", ["-a", directory, work]);
  await trustingGit(work, ["add", "-A"]);
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
