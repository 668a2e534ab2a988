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
