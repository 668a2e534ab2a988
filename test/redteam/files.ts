// Can an agent get at the machine, or hold its supervisor up, by the files that it leaves in its workspace?
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join, resolve } from "node:path";
import { pack } from "tar-stream";
import type { ManifestEntry, TreeFile } from "../../functions/git/tree.ts";
import { acceptWorkspace } from "../../functions/sandbox/workspace.ts";
import type { Weaken } from "../../infra/local/sandbox/confined.ts";
import { containerGid } from "../../infra/local/sandbox/ordinary-user.ts";
import { socketsPath } from "../../infra/sandbox-containers.ts";
import { collect, collectRun, dataFrame, jsonFrame, startFake, until } from "../sandbox/harness.ts";
import { type Edit, edit } from "../simulation/mutants/edit.ts";
import { type Crossed, cross, crossByPath, crossWithout, keepSecret, openWorkshop } from "./crossing.ts";
import type { Field } from "./field.ts";
import { withoutSafeguard } from "./unguarded.ts";
import type { Vector } from "./vector.ts";
import { both, withoutMount } from "./weaken.ts";

interface TreeTrick {
  attack: string;
  heldBy: string;
  needs?: Vector["needs"];
  /** What the agent does in its workspace; `outside` is a directory of the machine with a secret in `a.txt`. */
  script(outside: string): string;
  won(crossed: Crossed, field: Field): boolean;
  /** The lines that hold it. */
  without: readonly Edit[];
}

/** The same script in the same sandbox, collected with the lines that hold it, and without. */
function throughTree({ attack, heldBy, needs = ["git"], script, won, without }: TreeTrick): Vector {
  const scriptFor = (field: Field) => script(keepSecret(field, "a.txt").directory);
  return {
    ...{ attack, heldBy, needs },
    run: async (field) => won(await cross(field, scriptFor(field)), field),
    control: async (field) => won(await crossWithout(field, scriptFor(field), without), field),
  };
}

/** The same script in the same sandbox, collected by its runner, and by a supervisor that opens what it finds. */
function throughLink(attack: string, script: TreeTrick["script"]): Vector {
  const attempt = async (field: Field, collect: typeof cross) =>
    carriesSecret(await collect(field, script(keepSecret(field, "a.txt").directory)), field);
  return {
    ...{ attack, heldBy: "a supervisor that opens no path of the workspace", needs: ["git"] },
    run: (field) => attempt(field, cross),
    control: (field) => attempt(field, crossByPath),
  };
}

const filesOf = (crossed: Crossed) => (crossed.kind === "collected" ? crossed.files : []);
const carriesSecret = (crossed: Crossed, { secret }: Field) =>
  filesOf(crossed).some(({ content }) => content.includes(secret));
/** It was neither listed nor stepped over: the rest of the work is lost, or the supervisor with it. */
const stopsSupervisor = (crossed: Crossed) =>
  crossed.kind !== "collected" || !crossed.files.some(({ path }) => path === "fine");

type TarEntry = [Parameters<ReturnType<typeof pack>["entry"]>[0], string?];

/** A runner that was taken over answers with such a stream when it is asked for `a`. Does the supervisor take it? */
function throughTar(attack: string, heldBy: string, without: Edit, entries: TarEntry[]): Vector {
  return {
    ...{ attack, heldBy },
    run: async () => isAnswered(await tarOf(entries)),
    control: async (field) => isAnswered(await tarOf(entries), await acceptWithout(field, without)),
  };
}

/** The same, and whoever writes down what the supervisor has taken has a file beside its tree: `outside` is where. */
function escapeByTar(attack: string, entries: (outside: string) => TarEntry[]): Vector {
  const attempt = async (field: Field, accept?: typeof acceptWorkspace) => {
    const outside = field.scratch();
    const tree = join(outside, "tree");
    mkdirSync(tree);
    for (const { path, mode, content } of await takeFiles(await tarOf(entries(outside)), accept)) {
      if (mode === "120000") symlinkSync(String(content), resolve(tree, path));
      else writeFileSync(resolve(tree, path), content);
    }
    return readdirSync(outside).includes("escaped");
  };
  return {
    ...{ attack, heldBy: byName },
    run: (field) => attempt(field),
    control: async (field) => attempt(field, await acceptWithout(field, anyName)),
  };
}

export async function acceptWithout(field: Field, ...edits: Edit[]): Promise<typeof acceptWorkspace> {
  const { load } = withoutSafeguard(field, edits);
  const file = "functions/sandbox/workspace.ts";
  return (await load<typeof import("../../functions/sandbox/workspace.ts")>(file)).acceptWorkspace;
}

export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, body] of entries) {
    if (body === undefined) tar.entry(header);
    else tar.entry(header, body);
  }
  tar.finalize();
  return Buffer.concat((await collect(tar)) as Buffer[]);
}

const done = jsonFrame({ kind: "done" });
const oid = "0".repeat(40);
export const wanted = (path: string): ManifestEntry => ({ path, mode: "100644", size: 3, oid });
export const frameBytes = 65_536;

export function inFrames(bytes: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += frameBytes) frames.push(dataFrame(bytes.subarray(at, at + frameBytes)));
  return Buffer.concat(frames);
}

async function answerWith(bytes: Buffer, accept = acceptWorkspace) {
  const talk = (socket: Socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(bytes), done])));
  };
  return (await startFake(talk, {}, accept)).sandbox.fetch([wanted("a")]);
}

async function isAnswered(bytes: Buffer, accept?: typeof acceptWorkspace): Promise<boolean> {
  return collect(await answerWith(bytes, accept)).then(
    () => true,
    () => false,
  );
}

/** As far as it was taken. */
async function takeFiles(bytes: Buffer, accept?: typeof acceptWorkspace): Promise<TreeFile[]> {
  const taken: TreeFile[] = [];
  try {
    for await (const file of await answerWith(bytes, accept)) taken.push(file);
  } catch (error) {
    if (!(error instanceof Error && error.name === "WorkspaceError")) throw error;
  }
  return taken;
}

const walk = "functions/sandbox/runner/walk.ts";
const blob = "functions/sandbox/runner/blob.ts";
const fetching = "functions/sandbox/workspace-fetch.ts";
const paths = "functions/git/tree.ts";

const byName = "files that were asked for by name, and nothing else";
const anyName = edit(fetching, "if (!missing.delete(name))", "if (!missing.delete(name) && false)");
const byKind = "kinds of entries, of which two cross";
const anyKind = edit(fetching, 'if (type === "file") {', 'if (type !== "symlink") {');

export const fileVectors: Vector[] = [
  throughLink("have a file of the machine collected by a link to it", (outside) => `ln -s ${outside}/a.txt leak`),
  throughLink("have a directory of the machine collected by a link to it", (outside) => `ln -s ${outside} leak`),
  throughLink(
    "have a file of the machine collected under a tracked path, whose directory has become a link",
    (outside) => `rm -r src; ln -s ${outside} src`,
  ),
  {
    attack: "swap a file for a link between the look and the reading",
    heldBy: "a supervisor that opens no path of the workspace",
    needs: ["git"],
    run: async (field) => carriesSecret(await cross(field, keepSwapping(keepSecret(field).path)), field),
    async control(field) {
      const { workspace, directory } = await openWorkshop(field);
      await collectRun(workspace, ["sh", "-c", keepSwapping(keepSecret(field).path)]);
      const x = join(directory, "x");
      const kindOf = () => lstatSync(x, { throwIfNoEntry: false });
      // It looks, and is held up until the agent has swapped it.
      await until("a file", () => kindOf()?.isFile() === true);
      await until("a link", () => kindOf()?.isSymbolicLink() === true);
      return until("the reading", () => readOrNothing(x).includes(field.secret)).then(() => true);
    },
  },
  {
    attack: "get hold of a file outside of the workspace by a hard link",
    heldBy: "a workspace that is a mount of its own",
    run: (field) => linkHard(field),
    control: (field) => linkHard(field, inOneMount),
  },
  throughTree({
    attack: "have the supervisor wait for ever at a fifo in the place of a file",
    heldBy: "a look at what a file is, before and after it is opened without waiting",
    script: () => "rm README.md; mkfifo README.md; echo x > fine",
    won: stopsSupervisor,
    without: [
      edit(walk, 'if (!entry.isFile()) return { skipped: path, why: "it is neither a file nor a symbolic link" };', ""),
      edit(blob, " | constants.O_NONBLOCK", ""),
    ],
  }),
  throughTree({
    attack: "stop the collection by a file of many GB that takes no room (sparse)",
    heldBy: "a limit on what is read",
    // The kernel refuses a file that is larger than one may be.
    script: () => "truncate -s 10G large || truncate -s 7G large; echo x > fine",
    won: stopsSupervisor,
    without: [edit(blob, "if (stats.size > maxHashedBytes)", "if (false)")],
  }),
  throughTree({
    attack: "stop the collection by a path longer than the system takes, a thousand directories deep",
    heldBy: "a listing that steps over what cannot be opened",
    needs: ["git", "perl"],
    // Beside it one that we would take, and the system does not: with what stands before it, it is too long.
    script: () =>
      `echo x > fine; perl -e 'for (1..1000) { mkdir "e" x 70 if $_ == 21; mkdir "d" x 200; chdir "d" x 200 or die }'`,
    won: stopsSupervisor,
    without: [edit(walk, "    return { why: explain(error) };", "    throw error;")],
  }),
  throughTree({
    attack: "bring a name with a line break into the log and the repository",
    heldBy: "names without control characters",
    script: () => `echo x > "$(printf 'a\\n[drover] pushed')"`,
    won: (crossed) =>
      filesOf(crossed).some(({ path }) => path.includes("\n")) ||
      (crossed.kind === "collected" && /^\[drover\] pushed/m.test(crossed.log)),
    without: [edit(paths, "if (/\\p{Cc}/u.test(path))", "if (false)")],
  }),
  throughTree({
    attack: "bring a directory along that other systems take for .git (case, dots, short names, invisible characters)",
    heldBy: "names compared as those systems compare them",
    script: () =>
      `for d in .git .GIT .git. 'git~1' "$(printf '.g\\342\\200\\214it')"; do mkdir -p "sub/$d/hooks"; echo x > "sub/$d/hooks/post-checkout"; done`,
    won: (crossed) => filesOf(crossed).some(({ path }) => path.includes("/hooks/")),
    without: [edit(paths, "if (isGitDirectoryName(name))", "if (false)")],
  }),
  throughTree({
    attack: "bring the setuid bit of a file out of the sandbox",
    heldBy: "modes of which only git's three cross",
    script: () => "cp /bin/true run; chmod 6755 run",
    won: (crossed) => filesOf(crossed).some(({ mode }) => (Number.parseInt(mode, 8) & 0o6000) !== 0),
    without: [
      edit(fetching, '(mode & 0o100) === 0 ? "100644" : "100755"', "(0o100000 | mode).toString(8) as never"),
      edit("functions/git/plan-changes.ts", "if (!fileModes.has(mode))", "if (false)"),
    ],
  }),
  escapeByTar("write outside of the tree by a path with dots", () => [
    [{ name: "../escaped" }, "abc"],
    [{ name: "a" }, "abc"],
  ]),
  escapeByTar("write outside of the tree by an absolute path", (outside) => [
    [{ name: `${outside}/escaped` }, "abc"],
    [{ name: "a" }, "abc"],
  ]),
  escapeByTar("write outside of the tree through a link that was sent before", (outside) => [
    [{ name: "a", type: "symlink", linkname: outside }],
    [{ name: "a/escaped" }, "abc"],
  ]),
  throughTar("pass a file of the machine off as its own by a hard link in the stream", byKind, anyKind, [
    [{ name: "a", type: "link", linkname: "/etc/passwd" }],
  ]),
  throughTar("make a device file through the supervisor", byKind, anyKind, [
    [{ name: "a", type: "character-device", devmajor: 1, devminor: 5 }],
  ]),
  {
    attack: "answer with 51 MB where a file of three bytes was listed",
    heldBy: "a limit on each file, by what comes and not by what was said",
    run: async () => isAnswered(await largeTar()),
    control: async (field) => isAnswered(await largeTar(), await acceptWithout(field, anySize)),
  },
  {
    attack: "list more files than any repository has",
    heldBy: "a limit on the listing",
    run: async () => (await takeListing()) >= manyFiles,
    control: async (field) => (await takeListing(await acceptWithout(field, anyCount))) >= manyFiles,
  },
];

const keepSwapping = (path: string) =>
  `(setsid sh -c 'while :; do rm -f x; echo plain > x; ln -sf ${path} x; done' >/dev/null 2>&1 &); until [ -L x ]; do :; done`;

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // swapped once more
  }
}

/** Tries everything that it can see, and a file of its own uid outside of the workspace. */
async function linkHard(field: Field, weaken?: Weaken): Promise<boolean> {
  const folder = field.nextFolder();
  const sockets = join(folder.root, "sockets/workspace");
  mkdirSync(sockets, { recursive: true });
  writeFileSync(join(sockets, "kept"), "x");
  if (field.uid) chownSync(join(sockets, "kept"), field.uid, containerGid);
  const tries = "/usr/bin/env /etc/passwd /opt/drover/sandbox/runner.js /run/drover/kept /tmp/x /proc/self/environ";
  const source = `echo x > /tmp/x; for f in ${tries}; do ln $f linked 2>/dev/null && echo done; done; echo refused`;
  return (await field.confined({ language: "sh", source }, { folder, ...(weaken && { weaken }) })).includes("done");
}

/** The folder of the task as a whole, in which the workspace is a folder like the others. */
const inOneMount: Weaken = (given) => {
  const at = given.findIndex((argument, index) => argument === "--bind" && given[index + 2] === "/workspace");
  const root = dirname(given[at + 1] ?? "");
  const rest = both(withoutMount("/workspace"), withoutMount(socketsPath))(given);
  const mounts = ["--bind", root, "/task", "--symlink", "/task/workspace", "/workspace"];
  const end = rest.indexOf("--remount-ro");
  return [...rest.slice(0, end), ...mounts, "--symlink", "/task/sockets/workspace", socketsPath, ...rest.slice(end)];
};

const anySize = edit(fetching, "if (size > maxFileBytes)", "if (false)");
const anyCount = edit(
  "functions/sandbox/workspace-manifest.ts",
  "if (entries.length + skipped.length >= maxFiles) {",
  "if (false) {",
);
const largeBytes = 51 * 1024 * 1024;
const largeTar = () => tarOf([[{ name: "a" }, "x".repeat(largeBytes)]]);

const manyFiles = 210_000;
const filesPerChunk = 10_000;

/** How many of them the supervisor has taken. */
async function takeListing(accept = acceptWorkspace): Promise<number> {
  const chunks = Array.from({ length: manyFiles / filesPerChunk }, (_, chunk) =>
    Array.from({ length: filesPerChunk }, (_, at) => `{"skipped":"${chunk}/${at}","why":"x"}\n`).join(""),
  );
  const talk = (socket: Socket) => {
    socket.once("data", () => {
      for (const chunk of chunks) socket.write(dataFrame(chunk));
      socket.write(done);
    });
  };
  const { sandbox } = await startFake(talk, { operationMs: 30_000 }, accept);
  return sandbox.manifest([]).then(
    ({ skipped }) => skipped.length,
    () => 0,
  );
}
