// How do messages and bytes cross a socket between two parties that do not trust each other?
import type { Duplex } from "node:stream";

export const maxJsonBytes = 256 * 1024;
export const maxDataBytes = 1024 * 1024;
const headerBytes = 5;

/** A stream of data frames ends with an `end` frame, or with the JSON message that answers it. */
export type Frame = { kind: "json"; value: unknown } | { kind: "data"; bytes: Buffer } | { kind: "end" };
type FrameKind = Frame["kind"];

const kindCodes: Record<FrameKind, number> = { json: 1, data: 2, end: 3 };
const kindsByCode: Record<number, FrameKind> = { 1: "json", 2: "data", 3: "end" };
/** An empty data frame is refused: a peer could send them for ever without any byte limit noticing. */
const minBytes: Record<FrameKind, number> = { json: 1, data: 1, end: 0 };
const maxBytes: Record<FrameKind, number> = { json: maxJsonBytes, data: maxDataBytes, end: 0 };

export type FrameErrorCode = "malformed" | "oversized" | "truncated" | "closed";

export class FrameError extends Error {
  readonly code: FrameErrorCode;

  constructor(code: FrameErrorCode, message: string) {
    super(message);
    this.name = "FrameError";
    this.code = code;
  }
}

export interface Frames {
  /**
   * Every frame until the peer closes; throws a FrameError at the first broken one. The connection is destroyed
   * either way. Nothing is read ahead of the consumer but what the socket buffers, so a slow consumer slows the peer.
   */
  read(): AsyncGenerator<Frame, void>;
  /** Each send settles once the peer has taken enough for more to be sent. */
  sendJson(message: unknown): Promise<void>;
  sendData(bytes: Buffer): Promise<void>;
  sendEnd(): Promise<void>;
  destroy(): void;
}

export function openFrames(socket: Duplex): Frames {
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const go of waiting) go();
    waiting.clear();
  };
  for (const event of ["readable", "end", "drain", "close"]) socket.on(event, wake);
  // An error is always followed by `close`, which the reader and the writers see as the end of the connection.
  socket.on("error", wake);
  const change = () => new Promise<void>((resolve) => waiting.add(resolve));

  async function readExactly(byteCount: number): Promise<Buffer | undefined> {
    for (;;) {
      const chunk: Buffer | null = socket.read(byteCount);
      if (chunk !== null && chunk.length === byteCount) return chunk;
      if (chunk !== null) throw new FrameError("truncated", "the connection ended in the middle of a frame");
      if (socket.readableEnded || socket.destroyed) return undefined;
      await change();
    }
  }

  async function* read(): AsyncGenerator<Frame, void> {
    try {
      for (;;) {
        const header = await readExactly(headerBytes);
        if (header === undefined) return;
        const { kind, byteCount } = parseHeader(header);
        const body = byteCount === 0 ? Buffer.alloc(0) : await readExactly(byteCount);
        if (body === undefined) throw new FrameError("truncated", "the connection ended in the middle of a frame");
        yield parseFrame(kind, body);
      }
    } finally {
      socket.destroy();
    }
  }

  async function send(kind: FrameKind, body: Buffer): Promise<void> {
    if (socket.destroyed || socket.writableEnded) throw new FrameError("closed", "the connection is closed");
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32BE(body.length);
    header.writeUInt8(kindCodes[kind], 4);
    // Corked, so that header and body leave together and two senders cannot interleave.
    socket.cork();
    socket.write(header);
    if (body.length > 0) socket.write(body);
    socket.uncork();
    while (socket.writableNeedDrain && !socket.destroyed) await change();
    if (socket.destroyed) throw new FrameError("closed", "the connection closed before everything was sent");
  }

  return {
    read,
    async sendJson(message) {
      const body = Buffer.from(JSON.stringify(message));
      if (body.length > maxJsonBytes) {
        throw new FrameError("oversized", `a message of ${body.length} bytes is over the limit of ${maxJsonBytes}`);
      }
      await send("json", body);
    },
    async sendData(bytes) {
      for (let at = 0; at < bytes.length; at += maxDataBytes) await send("data", bytes.subarray(at, at + maxDataBytes));
    },
    sendEnd: () => send("end", Buffer.alloc(0)),
    destroy: () => void socket.destroy(),
  };
}

/** The length is judged before anything of that size is asked for. */
function parseHeader(header: Buffer): { kind: FrameKind; byteCount: number } {
  const byteCount = header.readUInt32BE(0);
  const code = header.readUInt8(4);
  const kind = kindsByCode[code];
  if (kind === undefined) throw new FrameError("malformed", `there is no frame of kind ${code}`);
  if (byteCount > maxBytes[kind])
    throw new FrameError("oversized", `a ${kind} frame of ${byteCount} bytes is too large`);
  if (byteCount < minBytes[kind]) throw new FrameError("malformed", `an empty ${kind} frame`);
  return { kind, byteCount };
}

function parseFrame(kind: FrameKind, body: Buffer): Frame {
  if (kind === "end") return { kind };
  if (kind === "data") return { kind, bytes: body };
  try {
    return { kind, value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    // Its text may be the peer's choice, so it is not repeated here.
    throw new FrameError("malformed", "a message is not JSON in UTF-8");
  }
}
