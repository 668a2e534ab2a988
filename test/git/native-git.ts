// What do the git tests share? Native git in temporary directories, and a forge on loopback in front of them.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import type { Endpoint } from "../../infra/local/aws-json.ts";
import { type GitServerOptions, startGitServer } from "../../infra/local/git-server.ts";

export const token = "tok_canary_5f2a9c71";
export const auth = { username: "x-access-token", password: token };

export function makeTempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "drover-git-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const environment = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  ...Object.fromEntries(
    ["AUTHOR", "COMMITTER"].flatMap((who) => [
      [`GIT_${who}_NAME`, "Tess Ter"],
      [`GIT_${who}_EMAIL`, "tess@example.test"],
      [`GIT_${who}_DATE`, "1700000000 +0000"],
    ]),
  ),
};

/** Runs native git in a directory and answers what it printed. */
export function git(dir: string, args: string[], input?: string | Buffer): string {
  const options = { cwd: dir, env: environment, input: input ?? "", maxBuffer: 256 * 1024 * 1024 };
  return execFileSync("git", args, { ...options, stdio: ["pipe", "pipe", "pipe"] }).toString();
}

type FileSpec = string | Buffer | { content: string; mode: "100755" | "120000" };

export function writeFiles(dir: string, files: Record<string, FileSpec>): void {
  for (const [path, spec] of Object.entries(files)) {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true });
    const content = typeof spec === "string" || Buffer.isBuffer(spec) ? spec : spec.content;
    const mode = typeof spec === "string" || Buffer.isBuffer(spec) ? "100644" : spec.mode;
    if (mode === "120000") symlinkSync(content, full);
    else writeFileSync(full, content);
    if (mode === "100755") chmodSync(full, 0o755);
  }
}

export interface Origin {
  /** A bare repository `<name>.git`, and a work tree that pushes to it. */
  bare: string;
  work: string;
  head: string;
}

/** A bare repository with one commit on `main`. */
export function makeOrigin(root: string, name: string, files: Record<string, FileSpec>): Origin {
  const work = join(root, `${name}-work`);
  const bare = join(root, `${name}.git`);
  mkdirSync(work, { recursive: true });
  git(work, ["init", "-q", "-b", "main"]);
  writeFiles(work, files);
  git(work, ["add", "-A"]);
  git(work, ["commit", "-q", "-m", "Start"]);
  git(root, ["clone", "-q", "--bare", work, bare]);
  git(work, ["remote", "add", "origin", bare]);
  return { bare, work, head: git(work, ["rev-parse", "HEAD"]).trim() };
}

/** Commits everything in the work tree and pushes it, as another developer would. */
export function commitAndPush(origin: Origin, message: string, branch = "main"): string {
  git(origin.work, ["add", "-A"]);
  git(origin.work, ["commit", "-q", "-m", message]);
  git(origin.work, ["push", "-q", "origin", `HEAD:refs/heads/${branch}`]);
  return git(origin.work, ["rev-parse", "HEAD"]).trim();
}

/** Serves `<root>/<name>.git` as `/<name>`, to whoever has the token. */
export async function startForge(root: string, options: Partial<GitServerOptions> = {}): Promise<Endpoint> {
  const forge = await startGitServer({
    authorize: (_user, password) => password === token,
    resolve: (path) => join(root, `${path.slice(1)}.git`),
    ...options,
  });
  afterAll(() => forge.close());
  return forge;
}
