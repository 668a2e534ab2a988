// What can a hostile peer say? Honest words that were tampered with, words of the right shape with the wrong content, noise.
import { pack } from "tar-stream";
import { protocolVersion } from "../../functions/sandbox/protocol.ts";
import { collect, dataFrame, endFrame, frame, jsonFrame } from "./harness.ts";

/** Below the number, never reaching it. */
export type Random = (below: number) => number;

/** Reproducible: whoever has the seed has the whole run. */
export function seedRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const choose = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

const deep = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
const oid = "0".repeat(40);
const paths = [
  "a",
  "b/c",
  "l",
  "../x",
  "/etc/passwd",
  "a/b",
  ".git/config",
  "",
  "a\nb",
  "x".repeat(5_000),
  "\ud800",
  "a//b",
  ".",
];
const scalars = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  "x",
  "\u0000",
  "\ud800",
  [],
  {},
  deep(500),
  "x".repeat(3_000),
];

/** A value, or something else in its place now and then. */
const spoil = (random: Random, value: unknown): unknown => (random(5) === 0 ? choose(random, scalars) : value);

function spoilFields(random: Random, fields: Record<string, unknown>): Record<string, unknown> {
  const spoilt = Object.entries(fields).flatMap(([name, value]) =>
    random(12) === 0 ? [] : [[random(20) === 0 ? "__proto__" : name, spoil(random, value)]],
  );
  return Object.fromEntries(random(6) === 0 ? [...spoilt, ["more", choose(random, scalars)]] : spoilt);
}

function answer(random: Random): Buffer {
  const result = {
    exitCode: random(300),
    signal: choose(random, [null, "SIGKILL", "SIG"]),
    timedOut: false,
    cancelled: false,
  };
  const fields = choose(random, [
    { kind: "done" },
    { kind: "ran", result: spoilFields(random, result) },
    { kind: "failed", why: "x".repeat(random(3_000)) },
    { kind: "hello", protocol: protocolVersion },
    { kind: choose(random, scalars) },
  ]);
  return jsonFrame(random(3) === 0 ? spoilFields(random, fields) : fields);
}

const listingLine = (random: Random) => {
  const path = random(4) > 0 ? `f${random(50)}` : choose(random, paths);
  const mode = choose(random, ["100644", "100644", "120000", "160000"]);
  const fields = random(4) === 0 ? { skipped: path, why: "x" } : { path, mode, size: random(99), oid };
  return `${JSON.stringify(random(8) === 0 ? spoilFields(random, fields) : fields)}${random(40) === 0 ? "" : "\n"}`;
};

async function tar(random: Random): Promise<Buffer> {
  const made = pack();
  for (let count = random(4); count > 0; count--) {
    const type = choose(random, [
      "file",
      "file",
      "file",
      "symlink",
      "link",
      "fifo",
      "directory",
      "character-device",
    ] as const);
    const name = choose(
      random,
      paths.filter((path) => path !== ""),
    ).toWellFormed();
    if (type === "file") made.entry({ name, mode: random(0o10000) }, "x".repeat(random(3) * 700));
    else made.entry({ name, type, linkname: choose(random, ["a", "/etc/passwd", "x".repeat(5_000)]) });
  }
  made.finalize();
  return spoilHeaders(random, Buffer.concat((await collect(made)) as Buffer[]));
}

/** With a checksum that is right again, or the reader would look no further. */
function spoilHeaders(random: Random, bytes: Buffer): Buffer {
  const spoilt = Buffer.from(bytes);
  for (let at = 0; at + 512 <= spoilt.length; at += 512) {
    if (spoilt.toString("latin1", at + 257, at + 262) !== "ustar" || random(6) > 0) continue;
    const [from, length] = choose(random, [
      [0, 100],
      [100, 8],
      [124, 12],
      [156, 1],
      [157, 100],
      [345, 155],
    ] as const);
    spoilt.write(
      choose(random, ["7".repeat(length), "\xff".repeat(length), "x", "\0".repeat(length), "L", "g", "77777777777"]),
      at + from,
      length,
      "latin1",
    );
    spoilt.fill(" ", at + 148, at + 156);
    const sum = spoilt.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    spoilt.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return spoilt;
}

function inPieces(random: Random, bytes: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = choose(random, [1, 100, 512, 4_096, 65_536]);
    frames.push(dataFrame(bytes.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat(frames);
}

const noise = (random: Random, most: number) => Buffer.from(times(random(most), () => random(256)));

function anyFrame(random: Random): Buffer {
  const kind = random(8) === 0 ? random(256) : 1 + random(3);
  if (random(6) > 0) return frame(kind, choose(random, [noise(random, 300), Buffer.from("{}"), Buffer.alloc(0)]));
  const header = Buffer.alloc(5);
  header.writeUInt32BE(choose(random, [0, 1, 2 ** 18, 2 ** 18 + 1, 2 ** 20, 2 ** 20 + 1, 2 ** 31, 2 ** 32 - 1]));
  header.writeUInt8(kind, 4);
  return Buffer.concat([header, noise(random, 200)]);
}

/** What it was asked, so that it gets further with what it says. */
export type Topic = "files" | "listing" | "output" | "nothing";

async function honest(random: Random, topic: Topic): Promise<Buffer> {
  switch (topic) {
    case "files":
      return inPieces(random, await tar(random));
    case "listing":
      return inPieces(random, Buffer.from(times(random(6), () => listingLine(random)).join("")));
    case "output":
      return dataFrame(Buffer.concat([Buffer.from([1 + random(2)]), noise(random, 100)]));
    case "nothing":
      return Buffer.alloc(0);
  }
}

/** One part of what it says. */
async function part(random: Random, topic: Topic): Promise<Buffer> {
  if (random(3) > 0) return honest(random, topic);
  switch (random(6)) {
    case 0:
      return honest(random, choose(random, ["files", "listing", "output"]));
    case 1:
      return endFrame();
    case 2:
      return anyFrame(random);
    case 3:
      return noise(random, 60);
    default:
      return answer(random);
  }
}

const rightAnswer = (topic: Topic) =>
  jsonFrame(
    topic === "output"
      ? { kind: "ran", result: { exitCode: 0, signal: null, timedOut: false, cancelled: false } }
      : { kind: "done" },
  );

/** Bytes that were fine a moment ago. */
function tamper(random: Random, bytes: Buffer): Buffer {
  const spoilt = Buffer.from(bytes);
  if (spoilt.length > 0) for (let flips = random(4); flips > 0; flips--) spoilt[random(spoilt.length)] = random(256);
  const cut = random(4) === 0 ? spoilt.subarray(0, random(spoilt.length + 1)) : spoilt;
  return random(6) === 0 ? Buffer.concat([cut, cut]) : cut;
}

export async function hostileBytes(random: Random, topic: Topic): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let count = random(4); count > 0; count--) parts.push(await part(random, topic));
  if (random(3) > 0) parts.push(random(4) === 0 ? answer(random) : rightAnswer(topic));
  const bytes = Buffer.concat(parts);
  return random(4) === 0 ? tamper(random, bytes) : bytes;
}

/** Mostly the right one, so that there is something to go on with. */
export function hostileHello(random: Random): { bytes: Buffer; isRight: boolean } {
  if (random(8) > 0) return { bytes: jsonFrame({ kind: "hello", protocol: protocolVersion }), isRight: true };
  const protocol = choose(random, [protocolVersion - 1, protocolVersion + 1, String(protocolVersion), null, -1]);
  const bytes = choose(random, [jsonFrame({ kind: "hello", protocol }), answer(random), noise(random, 40), endFrame()]);
  return { bytes, isRight: isHello(bytes) };
}

/** Whatever else it says: a peer of the same version may say more. */
function isHello(bytes: Buffer): boolean {
  try {
    const said = JSON.parse(bytes.toString("utf8", jsonFrame({}).length - "{}".length));
    return said.kind === "hello" && said.protocol === protocolVersion && bytes.equals(jsonFrame(said));
  } catch {
    return false;
  }
}

/** What a supervisor could ask, and what it never would; no program that does anything. */
export async function hostileRequests(random: Random): Promise<Buffer> {
  const argv = choose(random, [["true"], ["no-such-program"], ["true", "\0"], [], [""], "true", [3]]);
  const run = {
    kind: "run",
    argv,
    env: choose(random, [{}, { A: "b" }, { DROVER_X: "y" }, []]),
    timeoutMs: choose(random, [1, 1_000, 0, 2 ** 31]),
    cwd: choose(random, [".", "..", "/", "none"]),
  };
  const requests = [
    { kind: "unpack" },
    { kind: "manifest" },
    { kind: "fetch" },
    { kind: "quiesce" },
    { kind: "cancel" },
    run,
    run,
  ];
  const parts: Buffer[] = [];
  for (let count = 1 + random(4); count > 0; count--) {
    const request: Record<string, unknown> = choose(random, requests);
    parts.push(jsonFrame(random(4) === 0 ? spoilFields(random, request) : request));
    if (random(2) === 0)
      parts.push(inPieces(random, random(2) === 0 ? await tar(random) : Buffer.from(`${choose(random, paths)}\0`)));
    if (random(2) === 0) parts.push(endFrame());
    if (random(5) === 0) parts.push(anyFrame(random));
  }
  const bytes = Buffer.concat(parts);
  return random(4) === 0 ? tamper(random, bytes) : bytes;
}
