import { once } from "node:events";
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type EgressOptions, startEgress } from "../../functions/sandbox/egress.ts";
import type { Refusal } from "../../functions/sandbox/egress-dial.ts";
import { noteRefusals } from "../../functions/sandbox/egress-notes.ts";
import { makePlace, until, within } from "./harness.ts";
import { cutIntoRecords, hideAnother, sayHello } from "./hello.ts";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The names all lead to this machine, which only a rule in `allowPrivate` may open. */
async function start(options: Partial<EgressOptions> & { ports?: number[] } = {}) {
  const { ports = [], ...more } = options;
  const path = join(makePlace().sockets, "egress.sock");
  const refused: Refusal[] = [];
  const egress = await startEgress(path, {
    rules: { allow: ["open.test", "*.wide.test"], allowPrivate: ports.map((port) => `inside.test:${port}`) },
    onRefused: (refusal) => refused.push(refusal),
    resolve: async () => ["127.0.0.1"],
    maxUploadBytes: 2 ** 30,
    ...more,
  });
  onTestFinished(() => egress.close());
  return { path, refused, egress };
}

function open(path: string): Socket {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Sends `text` and returns everything that comes back until the other side ends. */
async function say(path: string, text: string, { end = false } = {}): Promise<string> {
  const socket = open(path);
  let heard = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    heard += chunk;
  });
  if (end) socket.end(text, "latin1");
  else socket.write(text, "latin1");
  const over = new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  await within(10_000, "the proxy's answer", over);
  return heard;
}

/** Sends `text` and returns what comes back, until the other side ends or has nothing more to say. */
async function hearAnswers(path: string, text: string): Promise<string> {
  const socket = open(path);
  let heard = "";
  let quiet: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    socket.setEncoding("latin1").on("data", (chunk) => {
      heard += chunk;
      clearTimeout(quiet);
      quiet = setTimeout(resolve, 500);
    });
    socket.once("close", () => resolve());
    socket.once("end", () => socket.end());
  });
  socket.write(text, "latin1");
  await within(10_000, "the proxy's answer", over);
  return heard;
}

it("a tunnel carries bytes both ways, and each side may end first", async () => {
  const port = await listen(
    createServer({ allowHalfOpen: true }, (socket) => {
      let heard = "";
      socket.on("data", (chunk) => {
        heard += chunk;
      });
      socket.on("end", () => socket.end(`echo ${heard}`));
    }),
  );
  const { path, refused } = await start({ ports: [port] });
  // The bytes behind the request's head belong to the tunnel already.
  const heard = await say(path, `CONNECT inside.test:${port} HTTP/1.1\r\n\r\nearly`, { end: true });
  expect(heard).toBe("HTTP/1.1 200 Connection Established\r\n\r\necho early");
  expect(refused).toEqual([]);
});

it("a tunnel of fifty megabytes ends complete although the server leaves first", async () => {
  const byteCount = 50 * 1024 * 1024;
  const port = await listen(createServer((socket) => socket.end(Buffer.alloc(byteCount, "x"))));
  const { path } = await start({ ports: [port] });
  const heard = await say(path, `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`);
  expect(heard.length - heard.indexOf("\r\n\r\n") - 4).toBe(byteCount);
});

it("what is still on its way to a slow client is not lost when both sides have ended", async () => {
  const byteCount = 4 * 1024 * 1024;
  const port = await listen(
    createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume().on("end", () => socket.end(Buffer.alloc(byteCount, "x")));
    }),
  );
  const { path } = await start({ ports: [port] });
  const client = open(path);
  client.end(`CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`);
  let heard = 0;
  for await (const chunk of client) {
    heard += chunk.length;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  }
  expect(heard).toBeGreaterThanOrEqual(byteCount);
});

it.each([
  ["a name that is not allowed", "evil.test:443", "evil.test", 443, "not on the allowlist"],
  ["a suffix trick", "wide.test.evil.test:443", "wide.test.evil.test", 443, "not on the allowlist"],
  ["another port", "open.test:22", "open.test", 22, "not on the allowlist"],
  ["an address", "169.254.169.254:443", "169.254.169.254", 443, "an address instead of a name"],
  ["an IPv6 address", "[::1]:443", "[::1]", 443, "an address instead of a name"],
  ["an address as a number", "2130706433:443", "2130706433", 443, "an address instead of a name"],
  [
    "an allowed name that leads inside",
    "open.test:443",
    "open.test",
    443,
    "the name leads to an address that is not public",
  ],
  ["a name without a port", "open.test", "", 0, "not a host name"],
])("CONNECT to %s is refused and reported", async (_name, target, host, port, why) => {
  const { path, refused } = await start();
  expect(await say(path, `CONNECT ${target} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
  expect(refused).toEqual([{ host, port, why }]);
});

it.each([
  ["one private address among public ones", ["93.184.216.34", "10.0.0.1"]],
  ["a mapped address", ["::ffff:127.0.0.1"]],
  ["the metadata service", ["169.254.169.254"]],
])("a name that resolves to %s is refused", async (_name, addresses) => {
  const { path, refused } = await start({ resolve: async () => addresses });
  expect(await say(path, "CONNECT open.test:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  expect(refused.length).toBe(1);
});

it("not even a private target may lead to the metadata service", async () => {
  const { path, refused } = await start({ ports: [80], resolve: async () => ["169.254.169.254"] });
  expect(await say(path, "GET http://inside.test/latest/meta-data HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(/ 403 /);
  expect(refused.map(({ why }) => why)).toEqual(["the name leads to an address that is not public"]);
});

it("the name is resolved once, and the connection goes to the address that was judged", async () => {
  const port = await listen(createServer((socket) => socket.end("the judged one")));
  const asked: string[] = [];
  const { path } = await start({
    ports: [port],
    // A second answer would lead elsewhere.
    resolve: async (host) => (asked.push(host) === 1 ? ["127.0.0.1"] : ["169.254.169.254"]),
  });
  expect(await say(path, `CONNECT INSIDE.test.:${port} HTTP/1.1\r\n\r\n`)).toContain("the judged one");
  expect(asked).toEqual(["inside.test"]);
});

it("a name that does not resolve, and a port where nobody listens, are no refusals", async () => {
  const closed = createServer();
  const port = await listen(closed);
  await new Promise((resolve) => closed.close(resolve));
  const silent = await start({ resolve: async () => Promise.reject(new Error("ENOTFOUND")) });
  const empty = await start({ resolve: async () => [] });
  const deaf = await start({ ports: [port] });
  expect(await say(silent.path, "CONNECT open.test:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 /);
  expect(await say(empty.path, "CONNECT open.test:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 /);
  expect(await say(deaf.path, `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 502 /);
  expect([...silent.refused, ...empty.refused, ...deaf.refused]).toEqual([]);
});

/** A server that keeps what it was asked. */
async function startWitness() {
  const seen: { request: IncomingMessage; body: string }[] = [];
  const port = await listen(
    createHttpServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      seen.push({ request, body });
      response.writeHead(201, { "x-mine": "yes", "proxy-authenticate": "no", "set-cookie": ["a=1", "b=2"] });
      response.end(`seen ${request.url}`);
    }),
  );
  return { seen, port };
}

it("a plain request passes with its body, and without what was meant for the proxy", async () => {
  const { seen, port } = await startWitness();
  const { path } = await start({ ports: [port] });
  const outgoing = httpRequest({
    socketPath: path,
    method: "POST",
    path: `http://inside.test:${port}/a/b?c=d#e`,
    headers: { host: "evil.test", "proxy-authorization": "x", connection: "x-hop", "x-hop": "1", "x-end": "2" },
  });
  outgoing.end("the body");
  const response = await new Promise<IncomingMessage>((resolve) => outgoing.once("response", resolve));
  let body = "";
  for await (const chunk of response) body += chunk;
  expect([response.statusCode, body]).toEqual([201, "seen /a/b?c=d"]);
  expect(response.headers).toMatchObject({ "x-mine": "yes", "set-cookie": ["a=1", "b=2"] });
  expect(response.headers).not.toHaveProperty("proxy-authenticate");
  const { headers } = seen[0]?.request ?? {};
  expect(headers).toMatchObject({ host: `inside.test:${port}`, "x-end": "2" });
  for (const name of ["proxy-authorization", "x-hop", "proxy-connection"]) expect(headers).not.toHaveProperty(name);
  expect(seen[0]?.body).toBe("the body");
});

it("a body behind a GET stays a body, and is never read as a second request", async () => {
  const { seen, port } = await startWitness();
  const { path } = await start({ ports: [port] });
  const chunked = inChunk;
  await say(
    path,
    `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunked}`,
  );
  expect(seen.map(({ request, body }) => [request.url, body])).toEqual([["/", smuggled]]);
});

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: other\r\n\r\n";
const inChunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
const fixed = `Content-Length: ${smuggled.length}`;

/** The head behind the first line, and the body. */
const ambiguous: [string, string, string][] = [
  ["a length that `connection` calls its own", `Connection: content-length\r\n${fixed}`, smuggled],
  ["chunks that `connection` calls its own", "Connection: transfer-encoding\r\nTransfer-Encoding: chunked", inChunk],
  ["both frames, chunks first", `Transfer-Encoding: chunked\r\nContent-Length: 4`, `0\r\n\r\n${smuggled}`],
  ["both frames, length first", `Content-Length: 4\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${smuggled}`],
  ["a frame within another", "Transfer-Encoding: chunked, identity", `0\r\n\r\n${smuggled}`],
  ["an unknown frame", "Transfer-Encoding: xchunked", `0\r\n\r\n${smuggled}`],
  ["two frames of one kind", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", `0\r\n\r\n${smuggled}`],
  ["a frame with a space before its colon", "Transfer-Encoding : chunked", `0\r\n\r\n${smuggled}`],
  ["a frame folded over two lines", "Transfer-Encoding:\r\n chunked", `0\r\n\r\n${smuggled}`],
  ["a header folded over two lines", `X: a\r\n Content-Length: 0\r\nContent-Length: 0`, smuggled],
  ["two lengths", `Content-Length: 0\r\n${fixed}`, smuggled],
  ["two lengths on one line", `Content-Length: 0, ${smuggled.length}`, smuggled],
  ["a length with a sign", `Content-Length: +${smuggled.length}`, smuggled],
  ["a negative length", "Content-Length: -1", smuggled],
  ["lines that end with a line feed alone", `X: a\nContent-Length: ${smuggled.length}`, smuggled],
  ["a chunk with an extension", "Transfer-Encoding: chunked", inChunk.replace("\r\n", ';a="\r\n"\r\n')],
  ["a chunk whose size is no number", "Transfer-Encoding: chunked", `0x${inChunk}`],
  ["a chunk that is longer than said", "Transfer-Encoding: chunked", `3\r\n${smuggled}\r\n0\r\n\r\n`],
  ["a last chunk with a trailer", "Transfer-Encoding: chunked", `0\r\nHost: other\r\n\r\n${smuggled}`],
  ["a name with a NUL", `Host\u0000: other\r\n${fixed}`, smuggled],
];

it.each(
  ambiguous,
)("a request with %s is refused or passed on as one, and its body is never a request", async (_what, head, body) => {
  // A server that reads requests as generously as the worst of them.
  const seen: string[] = [];
  const port = await listen(
    createHttpServer({ insecureHTTPParser: true }, (request, response) => {
      seen.push(`${request.headers.host}${request.url}`);
      request.resume().on("end", () => response.end());
    }),
  );
  const { path } = await start({ ports: [port] });
  const heard = await hearAnswers(
    path,
    `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`,
  );
  expect(heard).toMatch(/^HTTP\/1\.1 (200|400) /);
  expect(seen.filter((url) => url !== `inside.test:${port}/`)).toEqual([]);
  expect(seen.length).toBe(heard.includes(" 200 ") ? 1 : 0);
});

it("each request of a connection is judged by itself", async () => {
  const { seen, port } = await startWitness();
  const { path, refused } = await start({ ports: [port] });
  const to = (host: string) => `GET http://${host}/ HTTP/1.1\r\nHost: inside.test\r\n\r\n`;
  expect(await hearAnswers(path, to(`inside.test:${port}`) + to(`evil.test:${port}`))).toMatch(/ 201 .* 403 /s);
  expect(seen.length).toBe(1);
  expect(refused.map(({ host }) => host)).toEqual(["evil.test"]);
});

it("where a server redirects to is for the client to ask for, and is judged then", async () => {
  const port = await listen(
    createHttpServer((_request, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end();
    }),
  );
  const { path, refused } = await start({ ports: [port] });
  expect(await say(path, `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(
    / 302 /,
  );
  expect(await say(path, "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(/ 403 /);
  expect(refused.length).toBe(1);
});

it("a name that is not allowed is not even looked up, so no name server learns of it", async () => {
  const asked: string[] = [];
  const { path } = await start({ resolve: async (host) => [String(asked.push(host))] });
  await say(path, "CONNECT c2VjcmV0.evil.test:443 HTTP/1.1\r\n\r\n");
  await say(path, "GET http://c2VjcmV0.evil.test/ HTTP/1.1\r\nHost: open.test\r\n\r\n");
  expect(asked).toEqual([]);
});

it("a public address that is this machine's own is refused", async () => {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (const { address } of own) {
    const { path, refused } = await start({ resolve: async () => [address] });
    expect(await say(path, "CONNECT open.test:443 HTTP/1.1\r\n\r\n")).toMatch(/ 403 /);
    expect(refused.length).toBe(1);
  }
});

/** Opens a tunnel to a server that keeps what it gets, says `parts` one after the other, and waits for the end. */
async function tunnel(port: number, rules: EgressOptions["rules"], parts: Buffer[], more: Partial<EgressOptions> = {}) {
  const { path, refused } = await start({ rules, ...more });
  const socket = open(path);
  socket.write(`CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`);
  await once(socket, "data");
  const over = once(socket, "close");
  socket.resume().on("end", () => socket.end());
  for (const part of parts) {
    if (socket.writable) socket.write(part);
    await new Promise(setImmediate);
  }
  return { refused, over, socket };
}

const secretly = Buffer.from("POST /secret HTTP/1.1\r\n\r\n");

const another = "TLS for another name than was asked for";
const hidden = "TLS that hides for which name it is (encrypted ClientHello)";

it.each<[string, () => Promise<Buffer[]>, string?]>([
  ["for another name", async () => [await sayHello("other.test")]],
  ["for another name, cut into small records", async () => [cutIntoRecords(await sayHello("other.test"), 7)]],
  [
    "for another name, byte by byte",
    async () => [...(await sayHello("other.test"))].map((byte) => Buffer.from([byte])),
  ],
  ["for a name that it hides", async () => [hideAnother(await sayHello("inside.test"))], hidden],
])("a tunnel in which TLS begins %s is closed and reported before the server hears of it", async (_what, parts, why = another) => {
  const heard: Buffer[] = [];
  const port = await listen(
    createServer((socket) => void socket.on("error", () => undefined).on("data", (bytes) => heard.push(bytes))),
  );
  const { refused, over } = await tunnel(port, { allow: [], allowPrivate: [`inside.test:${port}`] }, await parts());
  await within(10_000, "the end of the tunnel", over);
  expect(refused).toEqual([{ host: "inside.test", port, why }]);
  expect(heard).toEqual([]);
});

it.each<[string, () => Promise<Buffer>]>([
  ["TLS for the name that was asked for", () => sayHello("INSIDE.test")],
  ["something else than TLS, on a port that was allowed as such", async () => secretly],
])("a tunnel with %s goes through", async (_what, hello) => {
  const bytes = await hello();
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const port = await listen(createServer((socket) => void socket.on("error", () => undefined).once("data", resolve)));
  await tunnel(port, { allow: [], allowPrivate: [`inside.test:${port}`] }, [bytes]);
  expect(await within(10_000, "the server hears it", promise)).toEqual(bytes);
});

it("TLS for another name is found out however late it begins, and whatever the server has said before", async () => {
  const heard: Buffer[] = [];
  const port = await listen(
    createServer((socket) => {
      socket.on("error", () => undefined).on("data", (bytes) => heard.push(bytes));
      socket.write("220 ready\r\n");
    }),
  );
  const { path, refused } = await start({ ports: [port], helloMs: 50 });
  const socket = open(path);
  const over = once(socket, "close");
  let said = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    said += chunk;
  });
  socket.on("end", () => socket.end()).write(`CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`);
  await until("the server's word", () => said.includes("220 ready"));
  const lateAt = Date.now() + 200;
  await until("the time for a hello to be long over", () => Date.now() > lateAt);
  socket.write(await sayHello("other.test"));
  await within(10_000, "the end of the tunnel", over);
  expect(refused).toEqual([{ host: "inside.test", port, why: "TLS for another name than was asked for" }]);
  expect(heard).toEqual([]);
});

it("a client that ends without a word gets all that the server says", async () => {
  const port = await listen(
    createServer({ allowHalfOpen: true }, (socket) => void socket.resume().on("end", () => socket.end("all of it"))),
  );
  const { path, refused } = await start({ ports: [port] });
  expect(await say(path, `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`, { end: true })).toContain("all of it");
  expect(refused).toEqual([]);
});

it("a server that speaks first is not kept waiting", async () => {
  const port = await listen(createServer((socket) => socket.end("220 ready\r\n")));
  const { path } = await start({ ports: [port] });
  expect(await say(path, `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`)).toContain("220 ready");
});

it.each([
  ["a tunnel", (port: number) => `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n${"x".repeat(150_000)}`],
  [
    "a request",
    (port: number) =>
      `POST http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n${"x".repeat(150_000)}`,
  ],
])("once the sandbox has sent as much as it may, %s breaks off, and nothing is opened any more", async (_what, text) => {
  let heard = 0;
  const port = await listen(
    createServer((socket) => void socket.on("error", () => undefined).on("data", (bytes) => (heard += bytes.length))),
  );
  const { path, refused } = await start({ ports: [port], maxUploadBytes: 100_000 });
  await say(path, text(port));
  expect(heard).toBeLessThan(150_000);
  const why = "the sandbox has sent the 100000 bytes that it may send";
  expect(refused).toEqual([{ host: "inside.test", port, why }]);
  expect(await say(path, `CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`)).toMatch(/ 403 /);
  expect(refused.length).toBe(2);
});

it("addresses and headers of requests count as sent, whether the target takes them or not", async () => {
  const { seen, port } = await startWitness();
  const { path, refused } = await start({ ports: [port], maxUploadBytes: 100_000 });
  const ask = (n: number) =>
    say(
      path,
      `GET http://inside.test:${port}/${n}/${"u".repeat(6_000)} HTTP/1.1\r\nHost: x\r\nX-A: ${"h".repeat(6_000)}\r\nConnection: close\r\n\r\n`,
    );
  for (let n = 0; n < 12; n += 1) await ask(n);
  expect(seen.length).toBe(8);
  expect(await ask(12)).toMatch(/^HTTP\/1\.1 403 /);
  expect(refused[0]?.why).toBe("the sandbox has sent the 100000 bytes that it may send");
});

it.each([
  ["no absolute URL", "GET / HTTP/1.1\r\nHost: open.test\r\n\r\n", 400],
  ["an https URL", "GET https://open.test/ HTTP/1.1\r\nHost: open.test\r\n\r\n", 400],
  ["a user in the URL", "GET http://a:b@open.test/ HTTP/1.1\r\nHost: open.test\r\n\r\n", 400],
  ["another scheme", "GET file:///etc/passwd HTTP/1.1\r\nHost: open.test\r\n\r\n", 400],
  ["a name that is not allowed", "GET http://evil.test/ HTTP/1.1\r\nHost: open.test\r\n\r\n", 403],
  ["an address as a number", "GET http://2130706433/ HTTP/1.1\r\nHost: open.test\r\n\r\n", 403],
  [
    "an upgrade to something else",
    "GET http://evil.test/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    403,
  ],
  ["no HTTP", "\u0016\u0003\u0001\u0002\u0000\u0001 TLS right away\r\n\r\n", 400],
  ["a head without end", `GET http://open.test/ HTTP/1.1\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, 431],
])("a request with %s is refused, and the proxy goes on", async (_name, text, status) => {
  const { path } = await start();
  expect((await say(path, text, { end: status !== 403 })).slice(9, 12)).toBe(String(status));
  expect(await say(path, "CONNECT evil.test:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
});

it.each([
  ["breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"],
  ["answers with garbage", "\u0000\u0001garbage\r\n\r\n"],
  ["answers with a status that is none", "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"],
  ["wants another protocol", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
  ["leaves without a word", ""],
])("a server that %s takes its own request down and no other", async (_name, answer) => {
  const port = await listen(createServer((socket) => void socket.on("error", () => undefined).end(answer, "latin1")));
  const { path } = await start({ ports: [port] });
  const heard = await say(path, `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(heard === "" || heard.startsWith("HTTP/1.1 502") || heard.endsWith("part")).toBe(true);
  expect(await say(path, "CONNECT evil.test:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
});

it("more connections than permitted are dropped and reported, and make room when they end", async () => {
  const { path, refused } = await start({ maxConnections: 2 });
  const held = [open(path), open(path)];
  await Promise.all(held.map((socket) => new Promise<void>((resolve) => socket.once("connect", resolve))));
  await until("the refusal", () => {
    if (refused.length > 0) return true;
    open(path);
    return false;
  });
  expect(refused[0]).toEqual({ host: "", port: 0, why: "too many connections at once" });
  for (const socket of held) socket.destroy();
  const tryAgain = async () => (await say(path, "CONNECT evil.test:443 HTTP/1.1\r\n\r\n")).includes("403");
  const giveUpAt = Date.now() + 5_000;
  while (!(await tryAgain())) expect(Date.now()).toBeLessThan(giveUpAt);
});

it("what is reported is short and printable; what is not is not even read as a request", async () => {
  const { path, refused } = await start();
  for (const host of ["evil\u00ff\u0080.test", "evil\u0007.test", "evil\ttest"]) {
    expect(await say(path, `CONNECT ${host}:443 HTTP/1.1\r\n\r\n`)).toContain(" 400 ");
  }
  await say(path, `CONNECT ${"x".repeat(5000)}.test:443 HTTP/1.1\r\n\r\n`);
  expect(refused.map(({ host }) => host)).toEqual(["x".repeat(253)]);
});

it("closing ends tunnels that are open", async () => {
  const port = await listen(createServer((socket) => void socket.on("error", () => undefined)));
  const { path, egress } = await start({ ports: [port] });
  const socket = open(path);
  socket.write(`CONNECT inside.test:${port} HTTP/1.1\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  socket.on("end", () => socket.end());
  await within(5_000, "closing", egress.close());
  await within(5_000, "the tunnel's end", closed);
});

it("what is refused stands in the log once for each target, up to a hundred of them, with the count", () => {
  const lines: string[] = [];
  const { onRefused: note, noteRest } = noteRefusals({ note: (text) => void lines.push(text) }, "the agent");
  for (let round = 0; round < 998; round += 1) note({ host: "a.test", port: 443, why: "not on the allowlist" });
  note({ host: "b.test", port: 443, why: "not on the allowlist" });
  expect(lines).toEqual([
    "refused the agent a connection to a.test:443: not on the allowlist",
    "refused the agent 100 connections so far",
    "refused the agent a connection to b.test:443: not on the allowlist",
  ]);
  for (let n = 0; n < 5_000; n += 1) note({ host: `${n}.test`, port: 443, why: "not on the allowlist" });
  expect(lines.length).toBe(103);
  expect(lines.filter((line) => line.includes("so far"))).toHaveLength(2);
  expect(lines.at(-1)).toBe("further targets that are refused the agent are counted, and not named");
  noteRest();
  noteRest();
  expect(lines.slice(103)).toEqual([
    "refused the agent connections to the 100 targets above, and 4,902 more to others",
  ]);
});
