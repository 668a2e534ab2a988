// Small histories by chance, the same for the same seed: a base, and two sides that both change it.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export interface History {
  seed: number;
  base: string;
  ours: string;
  theirs: string;
  /** What was done, for people who look at a difference. */
  story: string[];
}

export interface Histories {
  gitDir: string;
  histories: History[];
}

interface File {
  mode: "100644" | "100755" | "120000" | "160000";
  content: string;
}
type Files = Map<string, File>;
type Chance = ReturnType<typeof startChance>;
interface Made {
  base: Files;
  ours: Files;
  theirs: Files;
  story: string[];
}

/** A bare repository that holds all of them. */
export function makeHistories(root: string, seeds: readonly number[], make = makeTrees): Histories {
  const gitDir = join(root, `histories-${seeds[0]}.git`);
  execFileSync("git", ["init", "-q", "--bare", gitDir]);
  const stories = new Map<number, string[]>();
  const stream = seeds.map((seed) => {
    const { base, ours, theirs, story } = make(startChance(seed));
    stories.set(seed, story);
    return [
      renderCommit(`base-${seed}`, base),
      renderCommit(`ours-${seed}`, ours, `base-${seed}`),
      renderCommit(`theirs-${seed}`, theirs, `base-${seed}`),
    ].join("");
  });
  execFileSync("git", ["--git-dir", gitDir, "fast-import", "--quiet"], { input: stream.join("") });
  const refs = execFileSync("git", ["--git-dir", gitDir, "for-each-ref", "--format=%(refname:short) %(objectname)"]);
  const commits = new Map(
    refs
      .toString()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  const commitOf = (name: string) => commits.get(name) ?? "";
  const histories = seeds.map((seed) => ({
    seed,
    base: commitOf(`base-${seed}`),
    ours: commitOf(`ours-${seed}`),
    theirs: commitOf(`theirs-${seed}`),
    story: stories.get(seed) ?? [],
  }));
  return { gitDir, histories };
}

function renderCommit(branch: string, files: Files, parent?: string): string {
  const head = `commit refs/heads/${branch}\ncommitter T <t@example.test> 1700000000 +0000\ndata 1\nx\n`;
  const from = parent ? `from refs/heads/${parent}\ndeleteall\n` : "";
  const entries = [...files].map(([path, { mode, content }]) => {
    if (mode === "160000") return `M 160000 ${content} ${path}\n`;
    return `M ${mode} inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`;
  });
  return `${head}${from}${entries.join("")}\n`;
}

function startChance(seed: number) {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let warm = 0; warm < 5; warm += 1) next();
  return {
    below: (limit: number) => Math.floor(next() * limit),
    pick: <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T,
    odds: (one: number) => next() < one,
  };
}

const directories = ["", "a/", "a/b/", "c/", "d/"];
const names = ["f", "g", "h.ts", "i.ts"];
const common = ["}", "", "  return;", "  }"];

function makeTrees(chance: Chance): Made {
  const base = makeBase(chance);
  const ours = changeSide("ours", base, chance);
  const theirs = changeSide("theirs", base, chance);
  return { base, ours: ours.files, theirs: theirs.files, story: [...ours.story, ...theirs.story] };
}

/** Many short texts under one roof, with many lines twice, each edited by both sides. */
export function makeTexts(chance: Chance): Made {
  const made: Made = { base: new Map(), ours: new Map(), theirs: new Map(), story: [] };
  for (let number = 0; number < 400; number += 1) {
    const lines = Array.from({ length: 5 + chance.below(30) }, () => makeLine(chance));
    const text: File = { mode: "100644", content: lines.map((line) => `${line}\n`).join("") };
    for (const files of [made.base, made.ours, made.theirs]) files.set(`text-${number}`, text);
    for (const files of [made.ours, made.theirs]) edit(files, `text-${number}`, chance);
  }
  return made;
}

function makeBase(chance: Chance): Files {
  const files: Files = new Map();
  const count = 3 + chance.below(8);
  for (let made = 0; made < count; made += 1)
    put(files, chance.pick(directories) + chance.pick(names), makeFile(chance));
  return files;
}

function makeFile(chance: Chance): File {
  if (chance.odds(0.06)) return { mode: "120000", content: `target-${chance.below(5)}` };
  if (chance.odds(0.04)) return { mode: "160000", content: someCommit(chance) };
  if (chance.odds(0.06)) return { mode: "100644", content: `\0binary ${chance.below(1000)}\n`.repeat(3) };
  const lines = Array.from({ length: chance.odds(0.05) ? 0 : 4 + chance.below(20) }, () => makeLine(chance));
  const text = lines.map((line) => `${line}\n`).join("");
  return { mode: chance.odds(0.15) ? "100755" : "100644", content: chance.odds(0.1) ? text.trimEnd() : text };
}

function makeLine(chance: Chance): string {
  return chance.odds(0.3) ? chance.pick(common) : `line ${chance.below(1_000_000)} of a text`;
}

const someCommit = (chance: Chance) => String(1 + chance.below(8)).repeat(40);

/** A file takes the place of whatever stood in its way, as it would on a disk. */
function put(files: Files, path: string, file: File): void {
  for (const other of [...files.keys()]) {
    if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) files.delete(other);
  }
  files.set(path, file);
}

type Act = (files: Files, path: string, chance: Chance) => string;

const acts: [weight: number, act: Act][] = [
  [8, (files, path, chance) => `edits ${path} ${edit(files, path, chance)}`],
  [2, (files, path) => `deletes ${path}: ${files.delete(path)}`],
  [4, (files, path, chance) => rename(files, path, chance)],
  [2, (files, path, chance) => renameDirectory(files, path, chance)],
  [3, (files, _path, chance) => add(files, chance)],
  [1, (files, path, chance) => toggleMode(files, path, chance)],
  [1, (files, path, chance) => replace(files, path, chance)],
];

function changeSide(side: string, base: Files, chance: Chance): { files: Files; story: string[] } {
  const files: Files = new Map(base);
  const story: string[] = [];
  const weighted = acts.flatMap(([weight, act]) => Array.from({ length: weight }, () => act));
  const count = 1 + chance.below(4);
  for (let done = 0; done < count; done += 1) {
    const paths = [...files.keys()];
    if (paths.length > 0) story.push(`${side} ${chance.pick(weighted)(files, chance.pick(paths), chance)}`);
  }
  return { files, story };
}

function edit(files: Files, path: string, chance: Chance): string {
  const file = files.get(path);
  if (!file) return "";
  if (file.mode === "160000") files.set(path, { ...file, content: someCommit(chance) });
  else if (file.mode === "120000") files.set(path, { ...file, content: `target-${chance.below(5)}` });
  else if (file.content.includes("\0")) files.set(path, { ...file, content: `${file.content}\0${chance.below(9)}` });
  else {
    const lines = file.content.split("\n");
    const times = chance.odds(0.1) ? 12 : 1 + chance.below(2);
    for (let done = 0; done < times; done += 1) {
      const added = Array.from({ length: chance.below(3) }, () => makeLine(chance));
      lines.splice(chance.below(lines.length), chance.below(3), ...added);
    }
    files.set(path, { ...file, content: lines.join("\n") });
  }
  return file.mode;
}

function rename(files: Files, path: string, chance: Chance): string {
  const file = files.get(path);
  const to = chance.pick(directories) + chance.pick([...names, "j.ts", "k"]);
  if (!file || to === path) return "renames nothing";
  files.delete(path);
  put(files, to, file);
  const edited = chance.odds(0.4) ? edit(files, to, chance) : "";
  return `renames ${path} to ${to} ${edited}`;
}

function renameDirectory(files: Files, path: string, chance: Chance): string {
  const from = path.slice(0, path.lastIndexOf("/") + 1);
  const to = chance.pick(["x/", "a/x/", "y/z/", ""]);
  if (from === "" || from === to) return "renames no directory";
  for (const [old, file] of [...files]) {
    if (!old.startsWith(from)) continue;
    files.delete(old);
    put(files, to + old.slice(from.length), file);
  }
  return `renames directory ${from} to ${to}`;
}

function add(files: Files, chance: Chance): string {
  const path = chance.pick([...directories, "a/new/"]) + chance.pick([...names, "j.ts", "k"]);
  if (files.has(path)) return "adds nothing";
  put(files, path, chance.odds(0.3) ? { mode: "100644", content: "the same for both\n" } : makeFile(chance));
  return `adds ${path}`;
}

function toggleMode(files: Files, path: string, _chance: Chance): string {
  const file = files.get(path);
  if (!file?.mode.startsWith("100")) return "turns no mode";
  files.set(path, { ...file, mode: file.mode === "100644" ? "100755" : "100644" });
  return `turns the mode of ${path}`;
}

function replace(files: Files, path: string, chance: Chance): string {
  if (chance.odds(0.4)) {
    put(files, `${path}/inside`, makeFile(chance));
    return `makes a directory of ${path}`;
  }
  const directory = path.slice(0, path.indexOf("/"));
  if (directory && chance.odds(0.5)) {
    put(files, directory, makeFile(chance));
    return `makes a file of ${directory}`;
  }
  files.set(path, makeFile(chance));
  return `puts something else at ${path}`;
}
