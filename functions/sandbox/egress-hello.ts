// For which name does a client open TLS? Read from its first message, which is in the clear.

export type Hello =
  /** More bytes are needed to tell. */
  | { kind: "partial" }
  | { kind: "not_tls" }
  /** `isEncrypted`: the name that counts stands in an inner hello, which only the server can read. */
  | { kind: "hello"; serverName: string | undefined; isEncrypted: boolean };

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const encryptedHelloExtension = 0xfe0d;
const hostNameType = 0;
const recordHeaderBytes = 5;
const handshakeHeaderBytes = 4;
const mostRecordBytes = 16_384;
/** With keys that withstand quantum computers a hello has two kilobytes, with a ticket a few more. */
export const mostHelloBytes = 16_384;

const partial = { kind: "partial" } as const;
const notTls = { kind: "not_tls" } as const;

/** RFC 8446, 4.1.2. What is no well-formed hello is `not_tls`, so that no server reads it otherwise than we do. */
export function readHello(bytes: Buffer): Hello {
  const handshake = joinRecords(bytes);
  if (handshake === undefined) return notTls;
  if (handshake.length < handshakeHeaderBytes) return partial;
  if (handshake[0] !== clientHello) return notTls;
  const end = handshakeHeaderBytes + handshake.readUIntBE(1, 3);
  if (end > mostHelloBytes) return notTls;
  if (handshake.length < end) return partial;
  try {
    return { kind: "hello", ...readExtensions(handshake.subarray(handshakeHeaderBytes, end)) };
  } catch {
    return notTls; // a length in it leads out of it
  }
}

/** A hello may be cut into several records, on any byte. Undefined when these are no records of a handshake. */
function joinRecords(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== handshakeRecord) return undefined;
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined;
    if (at + recordHeaderBytes > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > mostRecordBytes) return undefined;
    parts.push(bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length));
    at += recordHeaderBytes + length;
  }
  return Buffer.concat(parts);
}

function readExtensions(hello: Buffer): { serverName: string | undefined; isEncrypted: boolean } {
  const version = 2;
  const random = 32;
  let at = version + random;
  at += 1 + hello.readUInt8(at); // session id
  at += 2 + hello.readUInt16BE(at); // cipher suites
  at += 1 + hello.readUInt8(at); // compression methods
  if (at === hello.length) return { serverName: undefined, isEncrypted: false };
  const end = at + 2 + hello.readUInt16BE(at);
  if (end !== hello.length) throw new RangeError("the extensions do not fill the hello");
  const names: string[] = [];
  let isEncrypted = false;
  for (at += 2; at < end; ) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    if (at + 4 + length > end) throw new RangeError("an extension leads out of the hello");
    if (type === encryptedHelloExtension) isEncrypted = true;
    if (type === serverNameExtension) names.push(readServerName(hello.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  if (names.length > 1) throw new RangeError("two names");
  return { serverName: names[0], isEncrypted };
}

/** One name of the one type there is; servers disagree on what to make of more. */
function readServerName(list: Buffer): string {
  const length = list.readUInt16BE(3);
  if (list.readUInt16BE(0) !== list.length - 2 || list.readUInt8(2) !== hostNameType || length !== list.length - 5) {
    throw new RangeError("not one host name");
  }
  return list.toString("latin1", 5).toLowerCase();
}
