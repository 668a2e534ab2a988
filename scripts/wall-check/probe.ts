// What does a hostile program in the sandbox reach? Tries one thing, given as JSON, and prints who has answered, or "nothing".
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

export type Attempt =
  | { kind: "tls"; to: string; port?: number; name?: string }
  | { kind: "plain"; to: string; port: number }
  | { kind: "name"; to: string; name: string };

const patienceMs = 2_000;

function attempt(what: Attempt): Promise<string> {
  return new Promise((resolve) => {
    const done = (answer: string) => resolve(answer || "nothing");
    setTimeout(done, patienceMs, "").unref();
    if (what.kind === "name") {
      const socket = createSocket("udp4", (answer) => done(answer.subarray(-4).join(".")));
      const labels = what.name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);
      socket.send(Buffer.from([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]), 53, what.to);
      return;
    }
    const socket =
      what.kind === "tls"
        ? connectTls({
            host: what.to,
            port: what.port ?? 443,
            ...(what.name !== undefined && { servername: what.name }),
            // Who has answered is told by what it says.
            rejectUnauthorized: false,
          })
        : connect({ host: what.to, port: what.port });
    let heard = "";
    if (what.kind === "plain") socket.write("GET / HTTP/1.1\r\nhost: allowed.example.com\r\n\r\n");
    socket.on("data", (bytes) => {
      heard += bytes;
    });
    socket.on("error", () => done(heard));
    socket.on("close", () => done(heard));
  });
}

console.log(await attempt(JSON.parse(process.argv[2] ?? "") as Attempt));
process.exit(0);
