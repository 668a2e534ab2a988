import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Frame, type FrameError, maxDataBytes, maxJsonBytes, openFrames } from "../../functions/sandbox/frames.ts";
import { dataFrame, endFrame, frame, jsonFrame, makePlace, until, within } from "./harness.ts";

async function connectPair(): Promise<{ near: Socket; far: Socket }> {
  const path = join(makePlace().sockets, "pair.sock");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const far = createConnection(path);
  const near = await accepted;
  far.on("error", () => undefined);
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

async function readAll(socket: Socket): Promise<{ frames: Frame[]; error?: FrameError }> {
  const frames: Frame[] = [];
  try {
    for await (const one of openFrames(socket).read()) frames.push(one);
    return { frames };
  } catch (error) {
    return { frames, error: error as FrameError };
  }
}

const huge = (kind: number, byteCount: number) => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(byteCount);
  header.writeUInt8(kind, 4);
  return header;
};

it.each([
  ["nothing at all", Buffer.alloc(0), undefined],
  ["every kind of frame", Buffer.concat([jsonFrame({ a: 1 }), dataFrame("bytes"), endFrame()]), undefined],
  ["half a header", Buffer.from([0, 0]), "truncated"],
  ["a header without its body", huge(2, 10), "truncated"],
  ["half a body", Buffer.concat([huge(2, 10), Buffer.from("12345")]), "truncated"],
  ["a kind that does not exist", frame(9, "x"), "malformed"],
  ["text of another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "malformed"],
  ["zeros", Buffer.alloc(4096), "malformed"],
  ["an empty data frame", dataFrame(""), "malformed"],
  ["an empty message", frame(1, ""), "malformed"],
  ["a message that is not JSON", frame(1, "{"), "malformed"],
  ["a message that is not UTF-8", frame(1, Buffer.from([0x22, 0xff, 0x22])), "malformed"],
  ["an end that carries bytes", frame(3, "x"), "oversized"],
  ["a message over its limit", huge(1, maxJsonBytes + 1), "oversized"],
  ["data over its limit", huge(2, maxDataBytes + 1), "oversized"],
  ["the longest length there is", huge(2, 0xffffffff), "oversized"],
])("a peer that sends %s and leaves", async (_name, bytes, code) => {
  const { near, far } = await connectPair();
  far.end(bytes);
  const { error } = await within(5_000, "reading", readAll(near));
  expect(error?.code).toBe(code);
  expect(near.destroyed).toBe(true);
});

it("an oversized frame is refused by its header, before its body is waited for", async () => {
  const { near, far } = await connectPair();
  far.write(huge(2, maxDataBytes + 1));
  const { error } = await within(5_000, "reading", readAll(near));
  expect(error?.code).toBe("oversized");
});

it("frames arrive whole when the bytes come one at a time", async () => {
  const { near, far } = await connectPair();
  far.setNoDelay(true);
  const reading = readAll(near);
  for (const byte of Buffer.concat([jsonFrame({ slow: "yes" }), dataFrame("abc"), endFrame()])) {
    await new Promise<void>((resolve) => far.write(Buffer.from([byte]), () => resolve()));
  }
  far.end();
  expect((await within(5_000, "reading", reading)).frames).toEqual([
    { kind: "json", value: { slow: "yes" } },
    { kind: "data", bytes: Buffer.from("abc") },
    { kind: "end" },
  ]);
});

it("bytes of any length arrive as they were, in frames of the permitted size", async () => {
  const { near, far } = await connectPair();
  const sent = Buffer.alloc(3 * maxDataBytes + 17, "drover");
  const reading = readAll(near);
  await openFrames(far).sendData(sent);
  far.end();
  const { frames } = await within(10_000, "reading", reading);
  expect(frames.length).toBe(4);
  expect(Buffer.concat(frames.map((one) => (one.kind === "data" ? one.bytes : Buffer.alloc(0)))).equals(sent)).toBe(
    true,
  );
});

const smallBytes = 64 * 1024;

/** Sends more than any pipe holds, and says how far it has come. */
function startFlood(socket: Socket) {
  const sender = openFrames(socket);
  const flood = { sent: 0, sending: Promise.resolve() };
  const send = async () => {
    for (; flood.sent < 400; flood.sent++) await sender.sendData(Buffer.alloc(smallBytes));
    socket.end();
  };
  flood.sending = send().catch(() => undefined);
  return flood;
}

it("a sender waits for a receiver that does not read, and goes on when it does", async () => {
  const { near, far } = await connectPair();
  const flood = startFlood(far);
  // Positive control: some of it goes out, then it stalls although more could be sent.
  await until("the first frame", () => flood.sent > 0);
  await until("a full pipe", () => far.writableNeedDrain);
  expect(flood.sent).toBeLessThan(40);
  expect(far.writableLength).toBeLessThan(4 * smallBytes);
  const { frames } = await within(20_000, "reading", readAll(near));
  expect(frames.length).toBe(400);
});

it("a receiver that stops in the middle holds the sender back", async () => {
  const { near, far } = await connectPair();
  const frames = openFrames(near).read();
  const flood = startFlood(far);
  await frames.next();
  await until("a full pipe", () => far.writableNeedDrain);
  expect(near.readableLength).toBeLessThan(1024 * 1024);
  expect(flood.sent).toBeLessThan(100);
  near.destroy();
  await within(5_000, "the sender's failure", flood.sending);
});

it("a message over the limit is refused by its own sender, and the connection lives on", async () => {
  const { near, far } = await connectPair();
  const sender = openFrames(far);
  await expect(sender.sendJson({ text: "x".repeat(maxJsonBytes) })).rejects.toMatchObject({ code: "oversized" });
  await sender.sendJson({ text: "short" });
  far.end();
  expect((await readAll(near)).frames).toEqual([{ kind: "json", value: { text: "short" } }]);
});

it("a send to a peer that has left fails as closed and does not hang", async () => {
  const { near, far } = await connectPair();
  const sender = openFrames(far);
  near.destroy();
  const sendUntilItFails = async () => {
    for (;;) await sender.sendData(Buffer.alloc(maxDataBytes));
  };
  await expect(within(5_000, "failing", sendUntilItFails())).rejects.toMatchObject({ code: "closed" });
});
