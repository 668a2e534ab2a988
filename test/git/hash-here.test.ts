// Is what the engine asks Web Crypto about answered alike here and there, and does anything else still get its turn?
import { join } from "node:path";
import { expect, it } from "vitest";
import { hashSmallHere } from "../../functions/git/hash-here.ts";
import { auth, git, makeOrigin, makeTempDir, startForge } from "./native-git.ts";

/** How long each was that went to the other thread. */
const elsewhere: number[] = [];
const { digest } = crypto.subtle;
const subtle: Parameters<typeof hashSmallHere>[0] = {
  digest(algorithm, data) {
    elsewhere.push(data.byteLength);
    return digest.call(crypto.subtle, algorithm, data);
  },
};
hashSmallHere(subtle);
const hex = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("hex");

it.each([
  0, 1, 55, 64, 65_536, 65_537,
])("of %i bytes the answer is Web Crypto's, in a buffer of its own", async (size) => {
  const data = Buffer.concat([Buffer.from("before"), Buffer.alloc(size, 7)]).subarray(6);
  const answer = await subtle.digest("SHA-1", data);
  expect(answer).toBeInstanceOf(ArrayBuffer);
  expect(hex(answer)).toBe(hex(await digest.call(crypto.subtle, "SHA-1", data)));
});

it("what is large, what is no bytes and any other algorithm is Web Crypto's own business", async () => {
  elsewhere.length = 0;
  await subtle.digest("SHA-1", Buffer.alloc(65_536));
  expect(elsewhere).toEqual([]);
  await subtle.digest("SHA-1", Buffer.alloc(65_537));
  await subtle.digest("SHA-1", new ArrayBuffer(3));
  await subtle.digest("SHA-256", Buffer.alloc(4));
  expect(elsewhere).toEqual([65_537, 3, 4]);
});

it("after two hundred in a row one goes to the other thread, so that timers and sockets get their turn", async () => {
  elsewhere.length = 0;
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let n = 0; n < 2_010; n += 1) await subtle.digest("SHA-1", Buffer.from([n % 256]));
  clearInterval(timer);
  expect(elsewhere).toHaveLength(10);
  expect(turns).toBeGreaterThan(0);
});

it("a clone waits for the other thread a few times, not for each file, and git finds nothing wrong with it", async () => {
  // Counted from before the engine is loaded, which is when it is taken over.
  crypto.subtle.digest = (algorithm, data) => {
    elsewhere.push(data.byteLength);
    return digest.call(crypto.subtle, algorithm, data);
  };
  const { cloneRepository } = await import("../../functions/git/clone.ts");
  const root = makeTempDir();
  const files = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`src/file${n}.ts`, `export const n = ${n};\n`]),
  );
  makeOrigin(root, "some", files);
  const forge = await startForge(root);
  const dir = join(root, "clone");
  elsewhere.length = 0;
  await cloneRepository({ dir, url: `${forge.url}/some`, auth, branch: "main" });
  expect(elsewhere.length).toBeLessThan(10);
  const listed = git(dir, ["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]).split("\n");
  expect(listed.filter((type) => type === "blob")).toHaveLength(500);
  git(dir, ["fsck", "--strict"]);
});
