// What did the client upload, and is it what was signed and promised?
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";
import { AwsError, readBody } from "../aws-json.ts";
import { notImplemented, S3Error } from "./xml.ts";

export const maxObjectBytes = 64 * 1024 * 1024;

type Checksums = Readonly<Record<string, string>>;

/**
 * Reads the body into memory and checks its length, signed hash and checksums. `parameters` are the signed query
 * parameters: a presigned URL carries a checksum there. Accounts differ on whether S3 checks that one; checked here,
 * it catches a URL that was signed for an empty body (the presigner's default, unless `WHEN_REQUIRED`).
 */
export async function readPayload(
  request: IncomingMessage,
  payloadHash: string,
  parameters: URLSearchParams,
): Promise<Buffer> {
  const lengthBytes = declaredLength(request);
  if (lengthBytes > maxObjectBytes) throw tooLarge();
  const isChunked = payloadHash.startsWith("STREAMING-");
  if (isChunked && payloadHash !== "STREAMING-UNSIGNED-PAYLOAD-TRAILER") throw notImplemented(payloadHash);
  const wire = await readWire(request, isChunked ? 2 * maxObjectBytes : maxObjectBytes);
  const { body, trailers } = isChunked ? decodeChunks(wire) : { body: wire, trailers: {} };
  if (body.length !== lengthBytes) {
    throw new S3Error(400, "IncompleteBody", `The body has ${body.length} bytes, ${lengthBytes} were declared.`);
  }
  if (/^[0-9a-f]{64}$/.test(payloadHash) && digest("sha256", body, "hex") !== payloadHash) {
    throw new S3Error(400, "XAmzContentSHA256Mismatch", "The provided x-amz-content-sha256 does not match the body.");
  }
  checkDigests(body, { ...Object.fromEntries(parameters), ...textHeaders(request), ...trailers });
  return body;
}

function declaredLength({ headers }: IncomingMessage): number {
  const length = headers["x-amz-decoded-content-length"] ?? headers["content-length"];
  if (length !== undefined && /^\d+$/.test(String(length))) return Number(length);
  if (headers["transfer-encoding"]) throw notImplemented("Transfer-Encoding without a length");
  throw new S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
}

async function readWire(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  try {
    return await readBody(request, limitBytes);
  } catch (error) {
    if (error instanceof AwsError) throw tooLarge();
    throw error;
  }
}

/** aws-chunked: `<size in hex>[;extension] CRLF data CRLF`, closed by size 0 and the trailers. */
function decodeChunks(wire: Buffer): { body: Buffer; trailers: Checksums } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = wire.indexOf("\r\n", at);
    const size = /^([0-9a-fA-F]{1,8})(;|$)/.exec(wire.toString("latin1", at, Math.max(at, lineEnd)))?.[1];
    if (lineEnd < 0 || size === undefined) throw malformed();
    const start = lineEnd + 2;
    const end = start + Number.parseInt(size, 16);
    if (end === start) return { body: Buffer.concat(chunks), trailers: readTrailers(wire.toString("latin1", start)) };
    if (wire.toString("latin1", end, end + 2) !== "\r\n") throw malformed();
    chunks.push(wire.subarray(start, end));
    at = end + 2;
  }
}

function readTrailers(text: string): Checksums {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return Object.fromEntries(lines.map((line) => [line.split(":")[0]?.toLowerCase(), line.split(":")[1]?.trim()]));
}

function checkDigests(body: Buffer, promised: Checksums): void {
  for (const [name, value] of Object.entries(promised)) {
    const algorithm = name === "content-md5" ? "md5" : /^x-amz-checksum-(?!algorithm|mode|type)(.+)$/.exec(name)?.[1];
    if (!algorithm || calculate(algorithm, body) === value) continue;
    throw new S3Error(400, "BadDigest", `The ${algorithm.toUpperCase()} you specified did not match the body.`);
  }
}

function calculate(algorithm: string, body: Buffer): string {
  if (algorithm === "md5" || algorithm === "sha1" || algorithm === "sha256") return digest(algorithm, body, "base64");
  if (algorithm !== "crc32") throw notImplemented(`the checksum ${algorithm}`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64");
}

export function digest(algorithm: string, body: Buffer, encoding: "hex" | "base64"): string {
  return createHash(algorithm).update(body).digest(encoding);
}

function textHeaders({ headers }: IncomingMessage): Checksums {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function tooLarge(): S3Error {
  return new S3Error(400, "EntityTooLarge", `Your proposed upload exceeds ${maxObjectBytes} bytes.`);
}

function malformed(): S3Error {
  return new S3Error(400, "IncompleteBody", "The aws-chunked body is malformed or was cut short.");
}
