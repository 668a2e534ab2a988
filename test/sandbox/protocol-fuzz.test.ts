// Does each side of the runner's socket survive whatever the other one says? DROVER_FUZZ_EXCHANGES and _SEED for more.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { type ManifestEntry, whyBadPath } from "../../functions/git/tree.ts";
import { openFrames } from "../../functions/sandbox/frames.ts";
import { runResultSchema } from "../../functions/sandbox/protocol.ts";
import { readSettings } from "../../functions/sandbox/runner/environment.ts";
import { openRuns } from "../../functions/sandbox/runner/runs.ts";
import { serveRequests } from "../../functions/sandbox/runner/serve.ts";
import { acceptWorkspace, type Workspace } from "../../functions/sandbox/workspace.ts";
import { WorkspaceError } from "../../functions/sandbox/workspace-error.ts";
import { collect, give, within } from "./harness.ts";
import { hostileBytes, hostileHello, hostileRequests, type Random, seedRandom, type Topic } from "./hostile-words.ts";

const exchanges = Number(process.env.DROVER_FUZZ_EXCHANGES ?? 3_000);
const firstSeed = Number(process.env.DROVER_FUZZ_SEED ?? 1);
const atOnce = 50;
const budget = { timeoutMs: 2_000, operationMs: 400, graceMs: 50 };
/** Far more than any of the budgets; whoever needs it hangs. */
const patienceMs = 20_000;
/** An ending each is kept, and what the engine compiles meanwhile. */
const maxGrowthBytes = 20 * 2 ** 20;

const oid = "0".repeat(40);
const wanted: ManifestEntry[] = ["a", "b/c", "l"].map((path) => ({ path, mode: "100644", size: 3, oid }));

/** What it may ask, and what must be true of the answer if it gets one. */
const asks: [Topic, (workspace: Workspace) => Promise<boolean>][] = [
  ["files", fetchWanted],
  ["listing", listAll],
  ["output", runOne],
  ["nothing", async (workspace) => (await workspace.quiesce()) === undefined],
  ["nothing", async (workspace) => (await workspace.clear()) === undefined],
  ["nothing", async (workspace) => (await workspace.unpack(give(file))) === undefined],
];
const file = { path: "a", mode: "100644", content: Buffer.alloc(9_000) } as const;

async function fetchWanted(workspace: Workspace): Promise<boolean> {
  const paths = (await collect(workspace.fetch(wanted))).map(({ path }) => path);
  return paths.length === wanted.length && wanted.every(({ path }) => paths.includes(path));
}

async function listAll(workspace: Workspace): Promise<boolean> {
  const paths = (await workspace.manifest(["a"])).entries.map(({ path }) => path);
  return !paths.some(whyBadPath) && new Set(paths).size === paths.length;
}

async function runOne(workspace: Workspace): Promise<boolean> {
  const result = await workspace.run({ argv: ["x"], timeoutMs: 100 }, () => undefined);
  return runResultSchema.safeParse(result).success;
}

const endings = [
  "value",
  "refused at the hello",
  "protocol_violation",
  "lost",
  "too_large",
  "timeout",
  "failed",
] as const;
type Ending = (typeof endings)[number];

/** Says hello, and then, to the first request, everything at once or in two parts; then it leaves, or says nothing more. */
function startHostile(path: string, random: Random, hello: Buffer, bytes: Buffer): Socket {
  const socket = connect(path);
  socket.on("error", () => undefined);
  socket.write(hello);
  const middle = random(bytes.length + 1);
  const ending = random(3);
  socket.once("data", () => {
    socket.write(bytes.subarray(0, middle));
    setImmediate(() => {
      socket.write(bytes.subarray(middle));
      if (ending === 0) socket.end();
      else if (ending === 1) socket.destroySoon();
    });
    socket.resume();
  });
  return socket;
}

async function exchange(folder: string, seed: number): Promise<Ending> {
  const random = seedRandom(seed);
  const path = join(folder, `${seed}.sock`);
  const [topic, ask] = asks[random(asks.length)] as (typeof asks)[number];
  const bytes = await hostileBytes(random, topic);
  const hello = hostileHello(random);
  const accepting = acceptWorkspace(path, budget);
  const socket = startHostile(path, random, hello.bytes, bytes);
  try {
    const workspace = await accepting.catch((error: unknown) => error);
    if (workspace instanceof WorkspaceError) {
      if (hello.isRight && workspace.code !== "lost")
        throw new Error(`a right hello was refused: ${workspace.message}`);
      return "refused at the hello";
    }
    if (!hello.isRight) throw new Error("a wrong hello was accepted");
    const sandbox = workspace as Workspace;
    try {
      if (!(await ask(sandbox))) throw new Error("an answer was believed that cannot be");
      return "value";
    } catch (error) {
      if (error instanceof WorkspaceError) return error.code;
      throw error;
    } finally {
      sandbox.close();
    }
  } finally {
    socket.destroy();
  }
}

/** So many at once: those that stall do not hold the others up. */
async function forEachSeed<T>(count: number, one: (seed: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = firstSeed;
  const work = async () => {
    while (next < firstSeed + count) {
      const seed = next++;
      const ending = within(patienceMs, "it", one(seed)).catch((error: Error) => {
        throw new Error(`DROVER_FUZZ_SEED=${seed}: ${error.message}`, { cause: error });
      });
      results.push(await ending);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What is still reachable. The resident set says more of the allocator than of us. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const limitMs = 30_000 + exchanges * 50;

it(
  `${exchanges} exchanges with a hostile runner all end, in a value or a WorkspaceError, and leave nothing behind`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "drover-fuzz-"));
    const before = heldBytes();
    const ends = await forEachSeed(exchanges, (seed) => exchange(folder, seed));
    rmSync(folder, { recursive: true, force: true });
    const count = (ending: Ending) => ends.filter((one) => one === ending).length;
    console.log(endings.map((ending) => `${ending}: ${count(ending)}`).join(", "));
    // What never comes about was not tried.
    for (const ending of endings)
      if (exchanges >= 3_000 && ending !== "too_large") expect(count(ending), ending).toBeGreaterThan(20);
    expect(heldBytes() - before).toBeLessThan(maxGrowthBytes);
  },
  limitMs,
);

/** How the serving ends: it throws at what breaks the protocol, and returns when the supervisor has gone. */
async function serve(folder: string, seed: number): Promise<"returned" | "refused"> {
  const random = seedRandom(seed);
  const path = join(folder, `${seed}.sock`);
  const server = createServer({ pauseOnConnect: true }).listen(path);
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const supervisor = connect(path);
  supervisor.on("error", () => undefined).resume();
  const settings = { ...readSettings({ DROVER_WORKSPACE: mkdtempSync(join(folder, "w-")) }), relayUp: false };
  const serving = serveRequests(openFrames(await accepted), { ...settings, runs: openRuns(settings) });
  supervisor.end(await hostileRequests(random));
  const end = await serving.then(
    () => "returned" as const,
    () => "refused" as const,
  );
  supervisor.destroy();
  server.close();
  return end;
}

it(
  `a runner survives a hostile supervisor as well: it refuses, or serves to the end`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "drover-fuzz-"));
    const ends = await forEachSeed(Math.ceil(exchanges / 30), (seed) => serve(folder, seed));
    rmSync(folder, { recursive: true, force: true });
    for (const end of ["returned", "refused"] as const)
      expect(ends.filter((one) => one === end).length).toBeGreaterThan(5);
  },
  limitMs,
);
