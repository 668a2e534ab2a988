// A real git repository behind a real smart-HTTP server, for one story.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { startGitServer } from "../../infra/local/git-server.ts";

export interface TestRemote {
  /** The URL to submit. */
  url: string;
  bareDir: string;
  /** The work tree that the first commit was made in, itself a repository for `file:` tasks. */
  workDir: string;
  git(...args: string[]): string;
  /** From now on a push waits at the server's door until `open`. `reached` settles when one has come. */
  holdPushes(): { reached: Promise<void>; open(): void };
  /** Called before each request that reads is served, with how many there were, from 1. */
  beforeRead?: (count: number) => void;
}

const baseFiles = { "README.md": "# Base\n", "src/a.txt": "one\n", "src/b.txt": "two\n" };

export function useRemote(files: Record<string, string> = baseFiles, token?: string): TestRemote {
  const dir = mkdtempSync(join(tmpdir(), "drover-remote-"));
  const workDir = join(dir, "work");
  const bareDir = join(dir, "bare.git");
  const env = { PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: "1" };
  const gitIn = (cwd: string, ...args: string[]) => execFileSync("git", args, { cwd, env, encoding: "utf8" });
  let reads = 0;
  let gate: { promise: Promise<void>; reached(): void } | undefined;
  const remote = {
    bareDir,
    workDir,
    git: (...args: string[]) => gitIn(bareDir, ...args),
    holdPushes() {
      const door = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      gate = { promise: door.promise, reached: () => reached.resolve() };
      return {
        reached: reached.promise,
        open() {
          gate = undefined;
          door.resolve();
        },
      };
    },
  } as TestRemote;
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(workDir, dirname(path)), { recursive: true });
      writeFileSync(join(workDir, path), text);
    }
    gitIn(workDir, "init", "--quiet", "--initial-branch=main");
    gitIn(workDir, "add", "--all");
    gitIn(workDir, "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "base");
    gitIn(dir, "clone", "--quiet", "--bare", workDir, bareDir);
    const server = await startGitServer({
      // As a forge would name it, with an owner, too.
      resolve: (path) => (["/bare.git", "/acme/shop.git"].includes(path) ? bareDir : undefined),
      async authorize(_user, password, { service }) {
        if (service === "git-upload-pack") remote.beforeRead?.(++reads);
        if (service === "git-receive-pack" && gate) {
          gate.reached();
          await gate.promise;
        }
        return token === undefined || password === token;
      },
    });
    close = server.close;
    remote.url = `${server.url}/bare.git`;
  });
  afterAll(async () => {
    await close?.();
    rmSync(dir, { recursive: true, force: true });
  });
  return remote;
}

export const drover = (taskId: string) => `drover/${taskId}`;
