// Can a few bytes become so many that the supervisor, or the machine, has no room for them?
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openAsk } from "../../functions/forge/ask.ts";
import { cloneRepository } from "../../functions/git/clone.ts";
import { listTree, readEntries } from "../../functions/git/list-tree.ts";
import { acceptWorkspace } from "../../functions/sandbox/workspace.ts";
import { startGitServer } from "../../infra/local/git-server.ts";
import { git } from "../git/native-git.ts";
import { collect, jsonFrame, startFake } from "../sandbox/harness.ts";
import { type Edit, edit } from "../simulation/mutants/edit.ts";
import { makeBase } from "./crossing.ts";
import type { Conditions, Field, Program } from "./field.ts";
import { inFrames, tarOf, wanted } from "./files.ts";
import { isReportBelieved, runGatesWithout } from "./gates.ts";
import { withoutSafeguard } from "./unguarded.ts";
import type { Vector } from "./vector.ts";

type Files = Parameters<typeof makeBase>[1];

const mebibyte = 2 ** 20;
/** Of a supervisor that has little, so that little is enough for the attack. */
const memoryMb = 32;

/** Undefined: drover as it is. */
async function take<Module>(field: Field, file: string, without: Edit | undefined, ours: Module): Promise<Module> {
  return without ? withoutSafeguard(field, [without]).load<Module>(file) : ours;
}

/** A repository whose pack is small. */
function throughPack(attack: string, files: () => NonNullable<Files>): Vector {
  const attempt = async (field: Field, without?: Edit) => {
    const code = await take(field, "functions/git/clone.ts", without, { cloneRepository });
    const { bare } = makeBase(field, files());
    git(bare, ["repack", "-a", "-d", "-f", "-q", "--depth=50", "--window=50"]);
    const server = await startGitServer({ authorize: () => true, resolve: () => bare });
    field.undo(() => server.close());
    const dir = join(field.scratch(), "clone");
    const request = { dir, url: `${server.url}/bomb`, auth: { username: "x", password: "x" }, branch: "main" };
    return code.cloneRepository({ ...request, memoryMb }).then(
      () => true,
      () => false,
    );
  };
  const unlooked = edit("functions/git/fetch-objects.ts", "fs: guardPacks(limits)", "fs");
  return {
    ...{ attack, heldBy: "a look at what a pack inflates to, before the engine does it", needs: ["git"] },
    run: (field) => attempt(field),
    control: (field) => attempt(field, unlooked),
  };
}

/** Lines that do not repeat. Each file differs least from its neighbours, so the differences form long chains. */
function manyAlike(): NonNullable<Files> {
  const lines = Array.from({ length: 40_000 }, (_, at) => `${Math.sin(at).toString(36)}\n`);
  const tail = Array.from({ length: 1_280 }, (_, at) => `${Math.cos(at).toString(36)}\n`);
  const file = (at: number) => [...lines.slice(at * 50), ...tail.slice(0, at * 40)].join("");
  return Object.fromEntries([...Array(32).keys()].map((at) => [`f${at}`, file(at)]));
}

/** The same file, again and again, in a tree of a few kilobytes. */
async function isTreeRead(field: Field, without?: Edit): Promise<boolean> {
  const file = "functions/git/list-tree.ts";
  const code = await take(field, file, without, { listTree, readEntries });
  const { bare: gitDir } = makeBase(field);
  const oid = git(gitDir, ["hash-object", "-w", "--stdin"], Buffer.alloc(mebibyte)).trim();
  const lines = [...Array(40).keys()].map((at) => `100644 blob ${oid}\tf${at}\n`).join("");
  const commit = git(gitDir, ["commit-tree", "-m", "Many", git(gitDir, ["mktree"], lines).trim()]).trim();
  const repository = { gitDir, baseCommit: commit, cache: {} };
  return collect(code.readEntries(repository, await code.listTree(repository, commit), 8 * mebibyte)).then(
    (files) => files.length === 40,
    () => false,
  );
}

/** A runner that was taken over lists two small files, and sends two that are larger than what is taken in all. */
async function areTaken(field: Field, without?: Edit): Promise<boolean> {
  const code = await take(field, "functions/sandbox/workspace.ts", without, { acceptWorkspace });
  const files = await tarOf(["a", "b"].map((name) => [{ name }, "x".repeat(mebibyte / 2 + 4_096)]));
  const { sandbox } = await startFake(
    (socket) => {
      socket.once("data", () => socket.write(Buffer.concat([inFrames(files), jsonFrame({ kind: "done" })])));
    },
    {},
    code.acceptWorkspace,
  );
  return collect(sandbox.fetch([wanted("a"), wanted("b")], mebibyte)).then(
    (taken) => taken.length === 2,
    () => false,
  );
}

const packedBytes = 8 * mebibyte;
const packed = gzipSync(Buffer.alloc(packedBytes));
const unpackIt: Program = {
  language: "sh",
  source: `gunzip bomb.gz; [ "$(stat -c %s bomb)" = ${packedBytes} ] && echo done`,
};
const withBomb: Conditions = { prepare: (workspace) => writeFileSync(join(workspace, "bomb.gz"), packed) };
const limits = { memoryMb: 512, cpuUnits: 1024, processes: 100, diskMb: 4 };

/** A forge whose answer is small as long as it is packed. */
async function isAnswerTaken(field: Field, without?: Edit): Promise<boolean> {
  const code = await take(field, "functions/forge/ask.ts", without, { openAsk });
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-encoding": "gzip" }).end(packed);
  });
  await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
  field.undo(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return (await code.openAsk(url, "token x")("GET /", {})).kind === "answered";
}

/** A gate that says it has tested, in 22 million characters of which nearly all are a comment. */
const longReport = `mkdir -p out; { printf '<!--'; head -c 22000000 /dev/zero | tr '\\0' x; printf -- '-->'; cat elsewhere/junit.xml; } > out/junit.xml`;

export const bombVectors: Vector[] = [
  throughPack("have a pack of a few kilobytes inflate to more than the supervisor has room for", () => ({
    zeros: Buffer.alloc(16 * mebibyte),
  })),
  throughPack("have small differences of differences fill the supervisor's memory", manyAlike),
  {
    attack: "have one file stand for more than the disk holds, in a tree of a few kilobytes",
    heldBy: "a limit on what all files of a tree take",
    needs: ["git"],
    run: (field) => isTreeRead(field),
    control: (field) => isTreeRead(field, edit("functions/git/list-tree.ts", "if (bytes > maxBytes)", "if (false)")),
  },
  {
    attack: "send more in all than the supervisor has room for, in files that are small each",
    heldBy: "a limit on what is fetched in all, by what comes and not by what was said",
    run: (field) => areTaken(field),
    control: (field) =>
      areTaken(field, edit("functions/sandbox/workspace-fetch.ts", "      if (total > maxBytes)", "      if (false)")),
  },
  {
    attack: "fill its disk, or that of the gates, by unpacking a file of a few kilobytes",
    heldBy: "a limit on the size of a file, which the kernel keeps",
    run: async (field) => (await field.confined(unpackIt, { ...withBomb, limits })).includes("done"),
    control: async (field) => (await field.confined(unpackIt, withBomb)).includes("done"),
  },
  {
    attack: "have the report of a gate fill the supervisor's memory",
    heldBy: "a limit on the size of a report",
    needs: ["git"],
    run: (field) => isReportBelieved(field, longReport),
    async control(field) {
      const anySize = edit("functions/sandbox/gates/read-report.ts", "if (size > maxReportBytes)", "if (false)");
      return isReportBelieved(field, longReport, await runGatesWithout(field, anySize));
    },
  },
  {
    attack: "have the packed answer of a forge fill the memory of whoever asks it",
    heldBy: "a limit on answers, by what they unpack to",
    run: (field) => isAnswerTaken(field),
    control: (field) =>
      isAnswerTaken(field, edit("functions/forge/ask.ts", "if (sizeBytes > maxAnswerBytes)", "if (false)")),
  },
];
