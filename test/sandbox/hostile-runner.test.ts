import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { pack } from "tar-stream";
import { expect, it, onTestFinished } from "vitest";
import type { ManifestEntry } from "../../functions/git/tree.ts";
import { maxFileBytes, protocolVersion } from "../../functions/sandbox/protocol.ts";
import { acceptWorkspace, type Workspace } from "../../functions/sandbox/workspace.ts";
import { collect, dataFrame, endFrame, frame, give, jsonFrame, makePlace, startFake, within } from "./harness.ts";

const done = jsonFrame({ kind: "done" });
const oid = "0".repeat(40);
const entry = (path: string, size = 3): ManifestEntry => ({ path, mode: "100644", size, oid });
const line = (more: object) => `${JSON.stringify({ path: "a", mode: "100644", size: 1, oid, ...more })}\n`;
const noOutput = () => undefined;

type TarHeader = Parameters<ReturnType<typeof pack>["entry"]>[0];

async function tarOf(...entries: [TarHeader, (Buffer | string)?][]): Promise<Buffer> {
  const tar = pack();
  for (const [header, body] of entries) {
    if (body === undefined) tar.entry(header);
    else tar.entry(header, body);
  }
  tar.finalize();
  return Buffer.concat((await collect(tar)) as Buffer[]);
}

/** Room to claim any size in a header, without the bytes behind it. */
async function tarClaiming(size: number): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: "a", size });
  const { value } = await tar[Symbol.asyncIterator]().next();
  tar.destroy();
  return value as Buffer;
}

const inFrames = (bytes: Buffer) => {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) frames.push(dataFrame(bytes.subarray(at, at + 65_536)));
  return Buffer.concat(frames);
};

/** Sends for ever, as fast as the supervisor takes it, and counts. */
function flood(socket: Socket, chunk: Buffer) {
  const count = { bytes: 0 };
  const send = () => {
    for (let room = true; room && !socket.destroyed; count.bytes += chunk.length) room = socket.write(chunk);
  };
  socket.on("drain", send);
  send();
  return count;
}

it.each<[string, Buffer | (() => Promise<Buffer>), string]>([
  ["a path out of the workspace", () => tarOf([{ name: "../a" }, "abc"]), "protocol_violation"],
  ["an absolute path", () => tarOf([{ name: "/etc/passwd" }, "abc"]), "protocol_violation"],
  ["a path that nobody asked for", () => tarOf([{ name: "c" }, "abc"]), "protocol_violation"],
  ["the same path twice", () => tarOf([{ name: "a" }, "abc"], [{ name: "a" }, "xyz"]), "protocol_violation"],
  ["a hard link", () => tarOf([{ name: "a", type: "link", linkname: "b" }]), "protocol_violation"],
  ["a device", () => tarOf([{ name: "a", type: "character-device", devmajor: 1 }]), "protocol_violation"],
  ["a block device", () => tarOf([{ name: "a", type: "block-device" }]), "protocol_violation"],
  ["a fifo", () => tarOf([{ name: "a", type: "fifo" }]), "protocol_violation"],
  ["a folder", () => tarOf([{ name: "a", type: "directory" }]), "protocol_violation"],
  ["a link to nowhere", () => tarOf([{ name: "a", type: "symlink", linkname: "" }]), "protocol_violation"],
  [
    "a link of 5000 bytes",
    () => tarOf([{ name: "a", type: "symlink", linkname: "x".repeat(5000) }]),
    "protocol_violation",
  ],
  ["a file over the limit", () => tarClaiming(maxFileBytes + 1), "too_large"],
  ["a size of terabytes", () => tarClaiming(2 ** 42), "too_large"],
  ["a file without its end", () => tarClaiming(1000), "protocol_violation"],
  ["no tar at all", Buffer.from("x".repeat(2048)), "protocol_violation"],
  ["half a header", Buffer.from("a".padEnd(300, "\0")), "protocol_violation"],
  ["nothing", Buffer.alloc(0), "failed"],
  ["one file of two", () => tarOf([{ name: "a" }, "abc"]), "failed"],
])("fetch: a runner that sends %s", async (_name, tar, code) => {
  const bytes = typeof tar === "function" ? await tar() : tar;
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(bytes), done])));
  });
  const fetching = collect(sandbox.fetch([entry("a"), entry("b")]));
  await expect(within(8_000, "the refusal", fetching)).rejects.toMatchObject({ code });
  if (code === "protocol_violation") expect(await within(1_000, "the loss", sandbox.lost)).toMatchObject({ code });
});

it("fetch: what is asked for and rightly sent arrives, with its modes and grown sizes", async () => {
  const tar = await tarOf(
    [{ name: "a", mode: 0o755 }, "grown to more than three"],
    [{ name: "l", type: "symlink", linkname: "/etc/passwd" }],
  );
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(tar), done])));
  });
  expect(await collect(sandbox.fetch([entry("a"), entry("l")]))).toEqual([
    { path: "a", mode: "100755", content: Buffer.from("grown to more than three") },
    { path: "l", mode: "120000", content: Buffer.from("/etc/passwd") },
  ]);
});

it("fetch: a missing file is named, and the workspace goes on", async () => {
  const tar = await tarOf([{ name: "a" }, "abc"]);
  const { sandbox } = await startFake((socket) => {
    socket.on("data", () => socket.write(Buffer.concat([inFrames(tar), done])));
  });
  await expect(collect(sandbox.fetch([entry("a"), entry("gone.txt")]))).rejects.toThrow(/"gone\.txt": it is missing/);
  expect((await collect(sandbox.fetch([entry("a")]))).length).toBe(1);
});

it("fetch: too much is refused before the runner hears of it", async () => {
  let heard = 0;
  const { sandbox } = await startFake((socket) => socket.on("data", (bytes) => (heard += bytes.length)));
  const many = Array.from({ length: 200_001 }, (_, index) => entry(`f${index}`));
  const half = Array.from({ length: 11 }, (_, index) => entry(`f${index}`, maxFileBytes));
  for (const entries of [many, half, [entry("a", maxFileBytes + 1)]]) {
    await expect(collect(sandbox.fetch(entries))).rejects.toMatchObject({ code: "too_large" });
  }
  expect(heard).toBe(0);
});

it("fetch: more in all than its reader takes is refused, by what is listed and by what comes", async () => {
  const tar = await tarOf([{ name: "a" }, "x".repeat(600)], [{ name: "b" }, "x".repeat(600)]);
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(tar), done])));
  });
  const listed = [entry("a", 600), entry("b", 600)];
  await expect(collect(sandbox.fetch(listed, 1_000))).rejects.toMatchObject({ code: "too_large" });
  await expect(collect(sandbox.fetch([entry("a"), entry("b")], 1_000))).rejects.toMatchObject({
    code: "too_large",
    message: "the changed files have more than the 1 MB that are taken at once",
  });
});

it("fetch: a reader that leaves tells the runner to stop, and waits for its answer", async () => {
  const tar = await tarOf([{ name: "a" }, "abc"], [{ name: "b" }, "xyz"]);
  let heard = "";
  const { sandbox } = await startFake((socket) => {
    socket.on("data", (bytes) => {
      if (heard === "") socket.write(dataFrame(tar.subarray(0, 1024)));
      heard += bytes.toString("latin1");
      if (heard.includes('{"kind":"cancel"}')) socket.write(done);
    });
  });
  for await (const { path } of sandbox.fetch([entry("a"), entry("b")])) {
    expect(path).toBe("a");
    break;
  }
  expect(heard).toContain('{"kind":"cancel"}');
  const late = await Promise.race([sandbox.lost.then(() => "lost"), Promise.resolve("there")]);
  expect(late).toBe("there");
});

it.each([
  ["endless zeros", () => dataFrame(Buffer.alloc(1024 * 1024)), "timeout"],
  [
    "endless files of one name",
    async () => dataFrame(await tarOf([{ name: "a" }, "x".repeat(9000)])),
    "protocol_violation",
  ],
])("fetch: a runner that sends %s is cut off, and memory does not grow", async (_name, make, code) => {
  const chunk = await make();
  const before = process.memoryUsage().rss;
  let count = { bytes: 0 };
  const { sandbox } = await startFake(
    (socket) => {
      socket.once("data", () => {
        count = flood(socket, chunk);
      });
    },
    { operationMs: 1_000 },
  );
  const fetching = collect(sandbox.fetch([entry("a")]));
  const error = await within(
    15_000,
    "the refusal",
    fetching.catch((thrown: Error) => thrown),
  );
  // Zeros are the end of a tar; more than any tree could need of them is a violation, unless time runs out first.
  expect([code, "protocol_violation"]).toContain((error as { code?: string }).code);
  expect(count.bytes).toBeGreaterThan(0);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  await within(5_000, "the loss", sandbox.lost);
});

it.each<[string, string, string]>([
  ["a path out of the workspace", line({ path: "../x" }), "protocol_violation"],
  ["an absolute path", line({ path: "/x" }), "protocol_violation"],
  ["a path through .git", line({ path: ".GIT/config" }), "protocol_violation"],
  ["a path with a newline", line({ path: "a\nb" }), "protocol_violation"],
  ["an empty path", line({ path: "" }), "protocol_violation"],
  ["a folder as mode", line({ mode: "040000" }), "protocol_violation"],
  ["a submodule as mode", line({ mode: "160000" }), "protocol_violation"],
  ["a size below zero", line({ size: -1 }), "protocol_violation"],
  ["half a byte", line({ size: 0.5 }), "protocol_violation"],
  ["an id that is none", line({ oid: "main" }), "protocol_violation"],
  ["the same path twice", line({}) + line({}), "protocol_violation"],
  ["a path below a file", line({ path: "a" }) + line({ path: "a/b/c" }), "protocol_violation"],
  ["no JSON", "{\n", "protocol_violation"],
  ["a JSON value of another kind", "[[[[]]]]\n", "protocol_violation"],
  ["half a line", '{"path":', "protocol_violation"],
  ["a line without end", "x".repeat(40_000), "protocol_violation"],
  ["too many files", Array.from({ length: 200_001 }, (_, at) => line({ path: `f${at}` })).join(""), "too_large"],
  ["too many skipped", `{"skipped":"x","why":"y"}\n`.repeat(200_001), "too_large"],
])("manifest: a runner that lists %s", async (_name, listing, code) => {
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(Buffer.from(listing)), done])));
  });
  await expect(within(10_000, "the refusal", sandbox.manifest([]))).rejects.toMatchObject({ code });
});

/** As long and as deep as a path may be. */
const deepFolder = `${"x".repeat(15)}/`.repeat(250);

it("manifest: thousands of files below hundreds of folders do not hold the supervisor up", async () => {
  const listing = Array.from({ length: 8_000 }, (_, at) => line({ path: `${deepFolder}${at}` })).join("");
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(Buffer.concat([inFrames(Buffer.from(listing)), done])));
  });
  const before = process.cpuUsage();
  expect((await sandbox.manifest([])).entries).toHaveLength(8_000);
  // Going up from each to the top would take seconds of it.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
});

it("manifest: an endless listing is cut off at its limit", async () => {
  let at = 0;
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => {
      const send = () => {
        for (;;) {
          const lines = Array.from({ length: 20 }, () => line({ path: `${deepFolder}${at++}` })).join("");
          if (socket.destroyed || !socket.write(dataFrame(lines))) return;
        }
      };
      socket.on("drain", send);
      send();
    });
  });
  await expect(within(60_000, "the refusal", sandbox.manifest([]))).rejects.toMatchObject({ code: "too_large" });
});

it("manifest: what was skipped is shown without control characters", async () => {
  const { sandbox } = await startFake((socket) => {
    const skipped = `${JSON.stringify({ skipped: "a\u001b[31m\nb\u202e", why: "odd" })}\n`;
    socket.once("data", () => socket.write(Buffer.concat([dataFrame(skipped), done])));
  });
  expect((await sandbox.manifest([])).skipped).toEqual([{ path: "a\ufffd[31m\ufffdb\ufffd", why: "odd" }]);
});

const ran = (result: object) =>
  jsonFrame({ kind: "ran", result: { exitCode: 0, signal: null, timedOut: false, cancelled: false, ...result } });

it.each<[string, Buffer]>([
  ["output of no stream", dataFrame("\u0007text")],
  ["an answer to another question", done],
  ["an exit code that cannot be", ran({ exitCode: 256 })],
  ["a signal that cannot be", ran({ signal: "SIG; rm -rf /" })],
  ["an unknown reason", ran({ startFailure: "because" })],
  ["a message of no kind", jsonFrame({ kind: "hello", protocol: protocolVersion })],
  ["a list", jsonFrame([])],
  ["a prototype", frame(1, '{"__proto__":{"kind":"done"}}')],
  ["broken JSON", frame(1, "{")],
  ["a frame of no kind", frame(7, "x")],
  ["an end", endFrame()],
  ["two answers", Buffer.concat([ran({}), ran({}), ran({})])],
])("run: a runner that answers with %s breaks the protocol", async (_name, bytes) => {
  const { sandbox } = await startFake((socket) => {
    socket.once("data", () => socket.write(bytes));
  });
  const running = sandbox.run({ argv: ["x"], timeoutMs: 5_000 }, noOutput).catch((error: Error) => error);
  await within(5_000, "the end of the run", running);
  expect(await within(5_000, "the loss", sandbox.lost)).toMatchObject({ code: "protocol_violation" });
  await expect(sandbox.quiesce()).rejects.toMatchObject({ code: "protocol_violation" });
});

it("a runner that speaks without being asked breaks the protocol", async () => {
  const { sandbox } = await startFake((socket) => socket.write(done));
  expect(await within(5_000, "the loss", sandbox.lost)).toMatchObject({ code: "protocol_violation" });
});

it("a runner that never answers is given up, whatever was asked", async () => {
  const asks: ((sandbox: Workspace) => Promise<unknown>)[] = [
    (sandbox) => sandbox.quiesce(),
    (sandbox) => sandbox.manifest([]),
    (sandbox) => collect(sandbox.fetch([entry("a")])),
    (sandbox) => sandbox.run({ argv: ["x"], timeoutMs: 50 }, noOutput),
    (sandbox) => sandbox.unpack(give({ path: "a", mode: "100644", content: Buffer.alloc(4 * 1024 * 1024) })),
  ];
  for (const ask of asks) {
    const { sandbox } = await startFake((socket) => void socket.pause(), { operationMs: 200, graceMs: 100 });
    await expect(within(5_000, "giving up", ask(sandbox))).rejects.toMatchObject({ code: "timeout" });
    expect(await within(1_000, "the loss", sandbox.lost)).toMatchObject({ code: "timeout" });
  }
});

it("a runner that drips its answer is given up at the same time as one that is silent", async () => {
  const { sandbox } = await startFake((socket) => {
    const drip = setInterval(() => socket.write(dataFrame("\u0001.")), 10);
    onTestFinished(() => clearInterval(drip));
  });
  const running = sandbox.run({ argv: ["x"], timeoutMs: 300 }, noOutput);
  await expect(within(5_000, "giving up", running)).rejects.toMatchObject({ code: "timeout" });
});

it("an aborted run does not wait longer for a lying runner than the grace", async () => {
  const { sandbox } = await startFake(noOutput, { graceMs: 100 });
  const stop = new AbortController();
  const running = sandbox.run({ argv: ["x"], timeoutMs: 3_600_000 }, noOutput, stop.signal);
  stop.abort();
  await expect(within(5_000, "giving up", running)).rejects.toMatchObject({ code: "timeout" });
});

it.each<[string, (socket: Socket) => void, string]>([
  ["says another version", (socket) => socket.write(jsonFrame({ kind: "hello", protocol: 999 })), "protocol_violation"],
  ["says something else", (socket) => socket.write(dataFrame("hello")), "protocol_violation"],
  ["says garbage", (socket) => socket.write("hello, world"), "protocol_violation"],
  ["says nothing", noOutput, "timeout"],
  ["leaves at once", (socket) => socket.end(), "lost"],
])("a runner that connects and %s is not accepted", async (_name, talk, code) => {
  const path = join(makePlace().sockets, "runner.sock");
  const accepting = acceptWorkspace(path, { timeoutMs: 500 });
  const socket = connect(path);
  socket.on("error", noOutput);
  onTestFinished(() => void socket.destroy());
  talk(socket);
  await expect(within(5_000, "the refusal", accepting)).rejects.toMatchObject({ code });
});

it("nobody else can connect once the runner has", async () => {
  const path = join(makePlace().sockets, "runner.sock");
  const accepting = acceptWorkspace(path, { timeoutMs: 5_000 });
  // All three in the queue of the kernel before the first is accepted.
  const sockets = [connect(path), connect(path), connect(path)];
  const closed = sockets.map((socket) => {
    socket.on("error", noOutput);
    onTestFinished(() => void socket.destroy());
    socket.resume();
    return new Promise((resolve) => socket.once("close", resolve));
  });
  for (const socket of sockets) socket.write(jsonFrame({ kind: "hello", protocol: protocolVersion }));
  const sandbox = await accepting;
  onTestFinished(() => sandbox.close());
  await within(5_000, "the other two", Promise.all(closed.slice(1)));
  expect(sockets.map((socket) => socket.destroyed)).toEqual([false, true, true]);
  const late = connect(path);
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => late.once("error", resolve));
  expect(error.code).toBe("ENOENT");
});

it("waiting for a runner ends with its time or with the caller's patience, and leaves no socket behind", async () => {
  const path = join(makePlace().sockets, "runner.sock");
  await expect(acceptWorkspace(path, { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
  const stop = new AbortController();
  const waiting = acceptWorkspace(path, { timeoutMs: 60_000, signal: stop.signal });
  stop.abort();
  await expect(within(2_000, "the end", waiting)).rejects.toMatchObject({ code: "timeout" });
  await expect(acceptWorkspace(path, { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
});
