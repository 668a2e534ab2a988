// How long does a clone take, beside git's own, and what does it grow with?
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { startGitServer } from "../../infra/local/git-server.ts";
import { type Bench, type BenchOptions, compare, type Measured, median, type Row, rowOf } from "./bench.ts";

const script = resolve(import.meta.dirname, "clones/clone-once.ts");
const linesOfFile = 40;
const run = promisify(execFile);

/** A stream for `git fast-import`: sources that are alike, so that the pack holds deltas as a real one does. */
function describeCommit(files: number): string {
  const parts = ["commit refs/heads/main\ncommitter T <t@localhost> 1700000000 +0000\ndata 4\nbase\n"];
  for (let n = 0; n < files; n += 1) {
    const lines = Array.from({ length: linesOfFile }, (_, line) => {
      return `export const value${line} = ${(n * 7919 + line * 104_729) % 99_991};\n`;
    });
    const text = `// File ${n}\n${lines.join("")}`;
    parts.push(`M 100644 inline packages/p${n % 50}/src/m${n % 7}/file${n}.ts\ndata ${text.length}\n${text}\n`);
  }
  return parts.join("");
}

function makeOrigin(dir: string, files: number): string {
  const origin = join(dir, `${files}.git`);
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", origin]);
  execFileSync("git", ["fast-import", "--quiet"], { cwd: origin, input: describeCommit(files) });
  // As a forge keeps it.
  execFileSync("git", ["repack", "-adq"], { cwd: origin });
  return origin;
}

/** By git, whoever has cloned. */
async function countFiles(gitDir: string): Promise<number> {
  const args = ["--git-dir", gitDir, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"];
  return (await run("git", args)).stdout.split("\n").filter((type) => type === "blob").length;
}

async function measure({ quick }: BenchOptions): Promise<Measured> {
  const rounds = quick ? 1 : 5;
  const fileCounts = quick ? [100, 1_000] : [100, 5_000, 30_000];
  const dir = mkdtempSync(join(tmpdir(), "drover-clones-"));
  const origins = new Map(fileCounts.map((files) => [`/${files}`, makeOrigin(dir, files)]));
  const server = await startGitServer({ resolve: (path) => origins.get(path), authorize: () => true });
  let made = 0;
  const byDrover = async (url: string, target: string) =>
    Number((await run(process.execPath, [script, url, target])).stdout);
  const byGit = async (url: string, target: string) => {
    const startedAt = performance.now();
    await run("git", ["clone", "--quiet", "--bare", "--depth", "1", "--branch", "main", url, target]);
    return performance.now() - startedAt;
  };
  try {
    const rows: Row[] = [];
    for (const files of fileCounts) {
      const cloneOnce = async (clone: typeof byGit) => {
        const target = join(dir, `clone-${made++}`);
        const took = await clone(`${server.url}/${files}`, target);
        const cloned = await countFiles(target);
        if (cloned !== files) throw new Error(`A clone of ${files} files holds ${cloned}.`);
        rmSync(target, { recursive: true, force: true });
        return took;
      };
      const { drover, git } = await compare({ drover: () => cloneOnce(byDrover), git: () => cloneOnce(byGit) }, rounds);
      const times = `${(median(drover) / median(git)).toFixed(1)} × git`;
      const group = `a clone of ${files.toLocaleString("en")} files`;
      rows.push(rowOf(group, "drover", "ms", drover, times), rowOf(group, "git", "ms", git));
    }
    return { rounds, sizes: {}, rows, remarks: [] };
  } finally {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  name: "clones",
  title: "Clones",
  compares: "The clone that every attempt begins with beside that by git, from the same server.",
  method:
    "Both are shallow and bare, over smart HTTP on loopback, each in a new process; git's start is timed too, that of drover's supervisor stands with the start of an agent.",
  doesNotShow: "a network between server and clone; repositories whose files are large.",
  measure,
};
