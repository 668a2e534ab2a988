// What stands outside of the wall: name servers and hosts of every kind, at addresses as the internet has them. Says "ready" when all listen.
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { addresses, names } from "./places.ts";

const [, , keyFile = "", certificateFile = ""] = process.argv;
const tls = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };

/** One question, one answer, as small as a name server can be. */
function answerNames(address: string): Promise<void> {
  const server = createSocket("udp4");
  server.on("message", (question, { port, address: from }) => {
    const { name, end } = readName(question);
    const found = names[name];
    const header = Buffer.from([
      question[0] ?? 0,
      question[1] ?? 0,
      0x81,
      found ? 0x80 : 0x83,
      0,
      1,
      0,
      found ? 1 : 0,
      0,
      0,
      0,
      0,
    ]);
    const answer = found ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...found.split(".").map(Number)] : [];
    server.send(Buffer.concat([header, question.subarray(12, end), Buffer.from(answer)]), port, from);
  });
  return new Promise((resolve) => server.bind(53, address, resolve));
}

function readName(question: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 5 };
}

const hosts = [addresses.allowed, addresses.other, addresses.metadata, addresses.internal];
await Promise.all([
  ...[addresses.resolver, addresses.other].map(answerNames),
  // Each says who it is, and nothing else.
  ...hosts.map(
    (address) =>
      new Promise<void>((resolve) =>
        createTlsServer(tls, (socket) => socket.end(address)).listen(443, address, resolve),
      ),
  ),
  ...[80, 8443, 22].map(
    (port) =>
      new Promise<void>((resolve) =>
        createServer((socket) => socket.end(addresses.other)).listen(port, addresses.other, resolve),
      ),
  ),
]);
console.log("ready");
