// What does git itself say of the repository? Asked with the same token as drover, which stands in no argument.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Target } from "./own-workspace.ts";

async function git({ repository, token }: Target, cwd: string, verb: string, ...args: string[]): Promise<string> {
  const basic = Buffer.from(`x-access-token:${token ?? ""}`).toString("base64");
  const header = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
  };
  const env = { PATH: process.env.PATH, GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1", HOME: "/nonexistent" };
  const { stdout } = await promisify(execFile)("git", [verb, repository, ...args], {
    cwd,
    env: { ...env, ...(token ? header : {}) },
  });
  return stdout;
}

/** The commit of a branch; undefined where there is none. */
export async function readBranch(target: Target, branch: string): Promise<string | undefined> {
  const line = await git(target, tmpdir(), "ls-remote", `refs/heads/${branch}`);
  return line ? line.split("\t")[0] : undefined;
}

/** From an empty repository of its own: nothing else than the deletion can be pushed. */
export async function deleteBranch(target: Target, branch: string): Promise<void> {
  const empty = await mkdtemp(join(tmpdir(), "drover-conformance-"));
  try {
    await promisify(execFile)("git", ["init", "--quiet", empty]);
    await git(target, empty, "push", `:refs/heads/${branch}`);
  } finally {
    await rm(empty, { recursive: true });
  }
}
