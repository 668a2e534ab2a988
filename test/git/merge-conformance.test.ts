import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import engine from "isomorphic-git";
import { beforeAll, describe, expect, it } from "vitest";
import type { Conflict } from "../../functions/git/merge-stages.ts";
import { trialMerge } from "../../functions/git/trial-merge.ts";
import { git, makeTempDir } from "./native-git.ts";
import { type Histories, type History, makeHistories, makeTexts } from "./random-histories.ts";

const count = Number(process.env.MERGE_HISTORIES ?? 200);
const first = Number(process.env.MERGE_SEED ?? 1);
const labels = { ours: "ours", theirs: "theirs" };
const root = makeTempDir();
const seeds = Array.from({ length: count }, (_, index) => first + index);

interface GitMerge {
  isClean: boolean;
  tree: string;
  /** Of the conflicting files. */
  paths: Set<string>;
  why: string[];
}
interface Comparison {
  history: History;
  git: GitMerge;
  tree: string;
  conflicts: Conflict[];
}

function askGit(gitDir: string, { ours, theirs }: History): GitMerge {
  const args = ["--git-dir", gitDir, "merge-tree", "--write-tree", "-z", "--name-only", ours, theirs];
  const run = spawnSync("git", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0 && run.status !== 1) throw new Error(run.stderr);
  const [tree = "", ...rest] = run.stdout.split("\0");
  const paths = rest.slice(0, rest.indexOf(""));
  return { isClean: run.status === 0, tree, paths: new Set(paths), why: run.stdout.match(/CONFLICT[^\n]*/g) ?? [] };
}

async function compareAll({ gitDir, histories }: Histories): Promise<Comparison[]> {
  const repository = { gitDir, baseCommit: "", cache: {} };
  const all: Comparison[] = [];
  for (const history of histories) {
    const merge = await trialMerge(repository, { ...history, labels });
    const git = askGit(gitDir, history);
    const tree = merge.kind === "up_to_date" ? git.tree : merge.tree;
    all.push({ history, git, tree, conflicts: merge.kind === "conflicts" ? merge.conflicts : [] });
  }
  return all;
}

const isClean = ({ conflicts }: Comparison) => conflicts.length === 0;
const tell = ({ history, git, conflicts }: Comparison) => [
  `seed ${history.seed}`,
  ...history.story,
  ...git.why,
  ...conflicts.map(({ path, kind, also }) => `drover says ${kind} ${path} ${also.join()}`),
];

describe(`a trial merge of ${count} histories made by chance, beside git's own`, () => {
  let made: Histories;
  let all: Comparison[];
  beforeAll(async () => {
    made = makeHistories(root, seeds);
    all = await compareAll(made);
  }, 600_000);

  it("is never clean where git sees a conflict", () => {
    expect(all.filter((one) => isClean(one) && !one.git.isClean).map(tell)).toEqual([]);
  });

  it("makes the same tree where both are clean", () => {
    const differ = all.filter((one) => isClean(one) && one.git.isClean && one.tree !== one.git.tree);
    expect(differ.map(tell)).toEqual([]);
  });

  it("sees no conflict where git sees none", () => {
    expect(all.filter((one) => !isClean(one) && one.git.isClean).map(tell)).toEqual([]);
  });

  it("was tried on enough of both kinds, and on many that a merge without an eye for renames gets wrong", async () => {
    expect(all.filter((one) => one.git.isClean).length).toBeGreaterThan(count / 5);
    expect(all.filter((one) => !one.git.isClean).length).toBeGreaterThan(count / 5);
    const blind = await Promise.all(all.map(({ history }) => mergeWithoutRenames(made.gitDir, history)));
    const wrong = all.filter(
      ({ git }, index) => blind[index] !== undefined && !(git.isClean && blind[index] === git.tree),
    );
    expect(wrong.length).toBeGreaterThan(count / 50);
  });
});

/** The engine's own merge; undefined when it sees a conflict, or a case that it does not know. */
async function mergeWithoutRenames(gitdir: string, { seed }: History): Promise<string | undefined> {
  const author = { name: "T", email: "t@example.test" };
  const branches = { ours: `ours-${seed}`, theirs: `theirs-${seed}` };
  const merge = engine.merge({ fs, gitdir, ...branches, author, dryRun: true, fastForward: false });
  return merge.then(
    ({ tree }) => tree,
    () => undefined,
  );
}

describe("texts that both sides have edited, most lines of them twice", () => {
  it("merge to what git makes of them, or collide where git says so", async () => {
    const [one] = await compareAll(makeHistories(root, [7], makeTexts));
    if (!one) throw new Error("There is no history.");
    const collided = new Set(one.conflicts.map(({ path }) => path));
    expect(collided).toEqual(one.git.paths);
    expect(collided.size).toBeGreaterThan(50);
    expect(collided.size).toBeLessThan(350);
    const list = (tree: string) => git(join(root, "histories-7.git"), ["ls-tree", tree]).split("\n");
    const clean = (line: string) => !collided.has(line.split("\t")[1] ?? "");
    expect(list(one.tree).filter(clean)).toEqual(list(one.git.tree).filter(clean));
  });
});
