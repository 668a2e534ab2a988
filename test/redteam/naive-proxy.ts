// What does a proxy do that looks at nothing? The control of every attack on ours.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Asked {
  host: string;
  port: number;
}

type Dial = (asked: Asked) => Promise<Socket>;

/** Passes bytes on as they are, to whatever it is asked for; `dial` says what that leads to. */
export async function startNaiveProxy(socketPath: string, dial: Dial, rewrite = (head: string) => head) {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on("error", () => undefined);
    serve(client, dial, rewrite).catch(() => client.destroy());
  });
  server.listen({ path: socketPath, readableAll: true, writableAll: true });
  await once(server, "listening");
  return { close: () => void server.close() };
}

async function serve(client: Socket, dial: Dial, rewrite: (head: string) => string): Promise<void> {
  const [first] = (await once(client, "data")) as [Buffer];
  client.pause();
  const text = first.toString("latin1");
  const lineEnd = text.indexOf("\r\n");
  const [method = "", target = ""] = text.slice(0, lineEnd).split(" ");
  if (method === "CONNECT") {
    const colon = target.lastIndexOf(":");
    const server = await dial({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
    client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    server.write(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
    return join(client, server);
  }
  const url = new URL(target);
  const server = await dial({ host: url.hostname, port: Number(url.port || 80) });
  server.write(`${method} ${url.pathname}${url.search} HTTP/1.1${rewrite(text.slice(lineEnd))}`, "latin1");
  join(client, server);
}

function join(client: Socket, server: Socket): void {
  server.on("error", () => client.destroy());
  server.on("close", () => client.destroy());
  client.pipe(server);
  server.pipe(client);
}

/** Everything leads to one place. */
export const leadTo =
  (port: number, host = "127.0.0.1") =>
  async (): Promise<Socket> => {
    const socket = connect({ port, host, allowHalfOpen: true });
    await once(socket, "connect");
    return socket;
  };
