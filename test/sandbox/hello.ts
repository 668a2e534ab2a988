// What does a real client of TLS say first?
import { Duplex } from "node:stream";
import { connect } from "node:tls";

/** The first message of Node's own TLS; without a name where none is given. */
export async function sayHello(servername?: string): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      resolve(chunk);
      done();
    },
  });
  const client = connect({ socket, servername: servername ?? "", ...(servername ? {} : { host: "127.0.0.1" }) });
  client.on("error", () => undefined);
  const hello = await promise;
  client.destroy();
  return hello;
}

/** The same message in records of `bytes` each. */
export function cutIntoRecords(hello: Buffer, bytes: number): Buffer {
  const handshake = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < handshake.length; at += bytes) {
    const part = handshake.subarray(at, at + bytes);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(records);
}

/** The same message with one extension more, before the others. */
export function addExtension(hello: Buffer, extension: Buffer): Buffer {
  const listAt = findExtensions(hello);
  const longer = Buffer.concat([hello.subarray(0, listAt + 2), extension, hello.subarray(listAt + 2)]);
  longer.writeUInt16BE(longer.length - 5, 3);
  longer.writeUIntBE(longer.length - 9, 6, 3);
  longer.writeUInt16BE(longer.readUInt16BE(listAt) + extension.length, listAt);
  return longer;
}

/** The same message with an encrypted one in it, which stands for the name that the server goes by. */
export function hideAnother(hello: Buffer): Buffer {
  const sealed = Buffer.alloc(200, 1);
  return addExtension(hello, Buffer.concat([Buffer.from([0xfe, 0x0d, 0, sealed.length]), sealed]));
}

/** Where the length of the extensions stands: behind session id, cipher suites and compression methods. */
function findExtensions(bytes: Buffer): number {
  let at = 5 + 4 + 34;
  at += 1 + bytes.readUInt8(at);
  at += 2 + bytes.readUInt16BE(at);
  return at + 1 + bytes.readUInt8(at);
}
