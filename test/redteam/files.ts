// Can an agent get at the machine, or hold its supervisor up, by the files that it leaves in its workspace?
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extract, pack } from "tar-stream";
import type { ManifestEntry } from "../../functions/git/tree.ts";
import { containerGid } from "../../infra/local/sandbox/ordinary-user.ts";
import { collect, dataFrame, jsonFrame, startFake } from "../sandbox/harness.ts";
import { type Crossed, cross, crossNaively, keepSecret } from "./crossing.ts";
import type { Field } from "./field.ts";
import type { Vector } from "./vector.ts";

interface TreeTrick {
  attack: string;
  heldBy: string;
  needs?: Vector["needs"];
  /** What the agent does in its workspace; `outside` is a directory of the machine with a secret in `a.txt`. */
  script(outside: string): string;
  won(crossed: Crossed, field: Field): boolean;
}

/** The same script, once in the sandbox and collected as always, once without a wall and collected by path. */
function throughTree({ attack, heldBy, needs = [], script, won }: TreeTrick): Vector {
  const scriptFor = (field: Field) => script(keepSecret(field, "a.txt").directory);
  return {
    ...{ attack, heldBy, needs },
    run: async (field) => won(await cross(field, scriptFor(field)), field),
    control: async (field) => won(await crossNaively(field, scriptFor(field)), field),
  };
}

const filesOf = (crossed: Crossed) => (crossed.kind === "collected" ? crossed.files : []);
const carriesSecret = (crossed: Crossed, { secret }: Field) =>
  filesOf(crossed).some(({ content }) => content.includes(secret));
/** It was neither listed nor stepped over: the rest of the work is lost, or the supervisor with it. */
const stopsSupervisor = (crossed: Crossed) =>
  crossed.kind !== "collected" || !crossed.files.some(({ path }) => path === "fine");

type TarEntry = [Parameters<ReturnType<typeof pack>["entry"]>[0], string?];

interface TarTrick {
  attack: string;
  needs?: Vector["needs"];
  entries(outside: string): TarEntry[];
  /** What came of it on a disk; `inside` is where the tree belongs. */
  landed(places: { inside: string; outside: string }, field: Field): boolean;
}

/** A runner that was taken over answers with such a stream; where nobody looks, tar does what it says. */
function throughTar({ attack, needs = [], entries, landed }: TarTrick): Vector {
  return {
    ...{ attack, needs, heldBy: "files that were asked for by name, and nothing else" },
    async run(field) {
      const bytes = await tarOf(entries(keepSecret(field, "a.txt").directory));
      return isAnswered(bytes);
    },
    async control(field) {
      const { directory: outside } = keepSecret(field, "a.txt");
      const inside = join(field.scratch(), "in/side");
      mkdirSync(inside, { recursive: true });
      execFileSync("tar", ["-xPf", "-"], { cwd: inside, input: await tarOf(entries(outside)) });
      return landed({ inside, outside }, field);
    },
  };
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

/** Has the supervisor taken what a runner sends when it is asked for `a`? */
async function isAnswered(bytes: Buffer): Promise<boolean> {
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(bytes), done])));
  });
  return collect(sandbox.fetch([wanted("a")])).then(
    () => true,
    () => false,
  );
}

export const fileVectors: Vector[] = [
  throughTree({
    attack: "have a file of the machine collected by a link to it",
    heldBy: "links that cross as links",
    script: (outside) => `ln -s ${outside}/a.txt leak`,
    won: carriesSecret,
  }),
  throughTree({
    attack: "have a directory of the machine collected by a link to it",
    heldBy: "links that cross as links",
    script: (outside) => `ln -s ${outside} leak`,
    won: carriesSecret,
  }),
  throughTree({
    attack: "have a file of the machine collected under a tracked path, whose directory has become a link",
    heldBy: "a supervisor that opens no path of the workspace",
    script: (outside) => `rm -r src; ln -s ${outside} src`,
    won: carriesSecret,
  }),
  {
    attack: "swap a file for a link between the look and the reading",
    heldBy: "a workspace in which nothing runs any more when it is read",
    async run(field) {
      const { path } = keepSecret(field);
      const swap = `while :; do rm -f x; echo plain > x; ln -sf ${path} x; done`;
      return carriesSecret(await cross(field, `(setsid sh -c '${swap}' >/dev/null 2>&1 &); sleep 0.1`), field);
    },
    async control(field) {
      const x = join(field.scratch(), "x");
      writeFileSync(x, "plain");
      const looksFine = lstatSync(x).isFile();
      rmSync(x);
      symlinkSync(keepSecret(field).path, x);
      return looksFine && readFileSync(x, "utf8").includes(field.secret);
    },
  },
  {
    attack: "get hold of a file outside of the workspace by a hard link",
    heldBy: "a workspace that is a mount of its own",
    run: async (field) => {
      const tries =
        "for f in /usr/bin/env /etc/passwd /opt/drover/functions/sandbox/runner.ts /run/drover /tmp/x /proc/self/environ";
      const source = `echo x > /tmp/x; ${tries}; do ln $f linked 2>/dev/null && echo done; done; echo refused`;
      return (await field.confined({ language: "sh", source })).includes("done");
    },
    control: async (field) => {
      const outside = field.scratch();
      const kept = join(outside, "kept");
      writeFileSync(kept, "x");
      const directory = join(outside, "workspace");
      mkdirSync(directory);
      if (field.uid) for (const path of [kept, outside]) chownSync(path, field.uid, containerGid);
      return (await field.open({ language: "sh", source: "ln ../kept linked && echo done" }, { directory })).includes(
        "done",
      );
    },
  },
  throughTree({
    attack: "have the supervisor wait for ever at a fifo in the place of a file",
    heldBy: "a look at what a file is, before and after it is opened without waiting",
    script: () => "rm README.md; mkfifo README.md; echo x > fine",
    won: stopsSupervisor,
  }),
  throughTree({
    attack: "stop the collection by a file of 10 GB that takes no room (sparse)",
    heldBy: "a limit on what is read",
    script: () => "truncate -s 10G large; echo x > fine",
    won: stopsSupervisor,
  }),
  throughTree({
    attack: "stop the collection by a path longer than the system takes, a thousand directories deep",
    heldBy: "a limit on paths, below which nobody looks",
    needs: ["perl"],
    script: () => `echo x > fine; perl -e 'for (1..1000) { mkdir "d" x 200; chdir "d" x 200 or die }'`,
    won: stopsSupervisor,
  }),
  throughTree({
    attack: "bring a name with a line break into the log and the repository",
    heldBy: "names without control characters",
    script: () => `echo x > "$(printf 'a\\n[drover] pushed')"`,
    won: (crossed) =>
      filesOf(crossed).some(({ path }) => path.includes("\n")) ||
      (crossed.kind === "collected" && /^\[drover\] pushed/m.test(crossed.log)),
  }),
  throughTree({
    attack: "bring a directory along that other systems take for .git (case, dots, short names, invisible characters)",
    heldBy: "names compared as those systems compare them",
    script: () =>
      `for d in .git .GIT .git. 'git~1' "$(printf '.g\\342\\200\\214it')"; do mkdir -p "sub/$d/hooks"; echo x > "sub/$d/hooks/post-checkout"; done`,
    won: (crossed) => filesOf(crossed).some(({ path }) => path.includes("/hooks/")),
  }),
  throughTree({
    attack: "bring the setuid bit of a file out of the sandbox",
    heldBy: "modes of which only git's three cross",
    script: () => "cp /bin/true run; chmod 6755 run",
    won: (crossed) => filesOf(crossed).some(({ mode }) => (Number.parseInt(mode, 8) & 0o6000) !== 0),
  }),
  throughTar({
    attack: "write outside of the tree by a path with dots",
    entries: () => [[{ name: "../escaped" }, "abc"]],
    landed: ({ inside }) => existsSync(join(inside, "../escaped")),
  }),
  throughTar({
    attack: "write outside of the tree by an absolute path",
    entries: (outside) => [[{ name: `${outside}/escaped` }, "abc"]],
    landed: ({ outside }) => existsSync(join(outside, "escaped")),
  }),
  throughTar({
    attack: "write outside of the tree through a link that was sent before",
    entries: (outside) => [[{ name: "a", type: "symlink", linkname: outside }], [{ name: "a/escaped" }, "abc"]],
    landed: ({ outside }) => existsSync(join(outside, "escaped")),
  }),
  throughTar({
    attack: "pass a file of the machine off as its own by a hard link in the stream",
    entries: (outside) => [[{ name: "a", type: "link", linkname: `${outside}/a.txt` }]],
    landed: ({ inside }, field) => readFileSync(join(inside, "a"), "utf8") === field.secret,
  }),
  throughTar({
    attack: "make a device file through the supervisor",
    needs: ["root"],
    entries: () => [[{ name: "a", type: "character-device", devmajor: 1, devminor: 5 }]],
    landed: ({ inside }) => lstatSync(join(inside, "a")).isCharacterDevice(),
  }),
  {
    attack: "answer with 60 MB where a file of three bytes was listed",
    heldBy: "a limit on each file, by what comes and not by what was said",
    run: async () => isAnswered(await largeTar()),
    async control() {
      const tar = extract();
      tar.end(await largeTar());
      let taken = 0;
      for await (const entry of tar) for await (const chunk of entry) taken += (chunk as Buffer).length;
      return taken === largeBytes;
    },
  },
  {
    attack: "list more files than any repository has",
    heldBy: "a limit on the listing",
    run: async () => (await takeListing(true)) >= manyFiles,
    control: async () => (await takeListing(false)) >= manyFiles,
  },
];

const largeBytes = 60 * 1024 * 1024;
const largeTar = () => tarOf([[{ name: "a" }, "x".repeat(largeBytes)]]);

const manyFiles = 300_000;
const filesPerChunk = 10_000;

/** How many of them the supervisor, or a reader without limits, has taken. */
async function takeListing(guarded: boolean): Promise<number> {
  const chunks = Array.from({ length: manyFiles / filesPerChunk }, (_, chunk) =>
    Array.from({ length: filesPerChunk }, (_, at) => `{"skipped":"${chunk}/${at}","why":"x"}\n`).join(""),
  );
  if (!guarded) return chunks.flatMap((chunk) => chunk.trimEnd().split("\n")).map((line) => JSON.parse(line)).length;
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => {
      for (const chunk of chunks) socket.write(dataFrame(chunk));
      socket.write(done);
    });
  });
  return sandbox.manifest([]).then(
    ({ skipped }) => skipped.length,
    () => 0,
  );
}
