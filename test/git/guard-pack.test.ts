import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { CloneError, cloneRepository } from "../../functions/git/clone.ts";
import { refuseLargePack } from "../../functions/git/guard-pack.ts";
import { HttpFailure } from "../../functions/git/http.ts";
import { limitsFor, type ReadLimits, TooLargeError } from "../../functions/git/limits.ts";
import { readEntries } from "../../functions/git/list-tree.ts";
import { auth, git, makeOrigin, makeTempDir, startForge, writeFiles } from "./native-git.ts";

const mebibyte = 2 ** 20;
const small: ReadLimits = { ...limitsFor(64), objectBytes: mebibyte, unpackedBytes: 8 * mebibyte };

type Files = Parameters<typeof writeFiles>[1];

/** As git makes them, with every difference that it can find; a commit for each. */
function packOf(versions: Files[], window = 50): Buffer {
  const dir = makeTempDir();
  git(dir, ["init", "-q", "-b", "main"]);
  for (const files of versions) {
    writeFiles(dir, files);
    git(dir, ["add", "-A"]);
    git(dir, ["commit", "-q", "-m", "One more"]);
  }
  git(dir, ["repack", "-a", "-d", "-f", "-q", "--depth=50", `--window=${window}`]);
  const folder = join(dir, ".git/objects/pack");
  return readFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith(".pack")) ?? ""));
}

const range = (count: number) => [...Array(count).keys()];

/** Lines that do not repeat, so that a file is as large in the pack, and its next version a small difference. */
const lines = (count: number, seed: string) =>
  Array.from({ length: count }, (_, at) => `${seed} ${Math.sin(at).toString(36)}\n`).join("");

it("a pack as git makes it passes, with differences of differences, and is read to its last object", async () => {
  const text = lines(2_000, "x");
  const pack = packOf(range(12).map((at) => ({ file: `${text}${at}\n` })));
  await refuseLargePack(pack, limitsFor(64));
  // Cut short, it is not: nothing was passed over.
  await expect(refuseLargePack(pack.subarray(0, pack.length - 60), limitsFor(64))).rejects.toThrow(HttpFailure);
});

it("a file that inflates to more than one may have is refused before it is inflated", async () => {
  const pack = packOf([{ file: Buffer.alloc(3 * mebibyte) }]);
  expect(pack.length).toBeLessThan(8_000);
  const refused = refuseLargePack(pack, small);
  await expect(refused).rejects.toThrow(TooLargeError);
  await expect(refused).rejects.toThrow("a file of more than 1 MB, which is all that is taken with 64 MB of memory");
});

it("files that are small each, and too much together, are refused", async () => {
  const files = Object.fromEntries(range(12).map((at) => [`f${at}`, Buffer.alloc(mebibyte - at)]));
  await expect(refuseLargePack(packOf([files], 0), small)).rejects.toThrow("inflates to more than 8 MB");
});

it("a long chain of differences counts by what the engine would keep of it", async () => {
  const text = lines(20_000, "x");
  // Each differs least from its neighbours.
  const pack = packOf(range(12).map((at) => ({ file: `${lines(400 * at, "y")}${text.slice(8_000 * at)}` })));
  await refuseLargePack(pack, { ...limitsFor(64), heldBytes: 12 * text.length });
  await expect(refuseLargePack(pack, { ...limitsFor(64), heldBytes: 3 * text.length })).rejects.toThrow(TooLargeError);
});

it.each([
  ["less than it inflates to", 5, Buffer.alloc(100_000), TooLargeError],
  ["another kind of bytes", 5, undefined, HttpFailure],
])("an object that says %s is refused", async (_name, size, content, kind) => {
  const body = content ? deflateSync(content) : Buffer.from("no deflated bytes");
  const head = Buffer.concat([Buffer.from("PACK"), Buffer.from([0, 0, 0, 2, 0, 0, 0, 1])]);
  const pack = Buffer.concat([head, Buffer.from([(3 << 4) | size]), body, Buffer.alloc(20)]);
  await expect(refuseLargePack(pack, small)).rejects.toThrow(kind);
});

it("a clone of what is too large says so, and leaves nothing behind", async () => {
  const root = makeTempDir();
  const forge = await startForge(root);
  makeOrigin(root, "bomb", { "zeros.bin": Buffer.alloc(8 * mebibyte) });
  const dir = join(root, "clone");
  const request = { dir, url: `${forge.url}/bomb`, auth, branch: "main" };
  const error = await cloneRepository({ ...request, memoryMb: 64 }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(CloneError);
  expect(error).toMatchObject({
    problem: {
      kind: "too_large",
      message: `${forge.url}/bomb cannot be read: the repository holds a file of more than 7 MB, which is all that is taken with 64 MB of memory.`,
    },
  });
  expect(readdirSync(root)).not.toContain("clone");
  expect((await cloneRepository({ ...request, memoryMb: 256 })).memoryMb).toBe(256);
});

it("a tree that names one file over and over is not read without end", async () => {
  const dir = makeTempDir();
  git(dir, ["init", "-q", "-b", "main"]);
  const oid = git(dir, ["hash-object", "-w", "--stdin"], Buffer.alloc(mebibyte)).trim();
  const repository = { gitDir: join(dir, ".git"), baseCommit: "", cache: {} };
  const entries = Array.from({ length: 1_000 }, (_, at) => ({ path: `f${at}`, mode: "100644" as const, oid }));
  let count = 0;
  const read = async () => {
    for await (const _ of readEntries(repository, entries, 8 * mebibyte)) count += 1;
  };
  await expect(read()).rejects.toThrow("The repository's files take more than 8 MB.");
  expect(count).toBe(8);
});
