// Can an agent drown its supervisor, or what people read of it?
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { EgressOptions } from "../../functions/sandbox/egress.ts";
import { noteRefusals } from "../../functions/sandbox/egress-notes.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";
import { type AcceptOptions, acceptWorkspace, type Workspace } from "../../functions/sandbox/workspace.ts";
import { dataFrame, startFake } from "../sandbox/harness.ts";
import { edit } from "../simulation/mutants/edit.ts";
import { openWorkshop } from "./crossing.ts";
import type { Field, Program } from "./field.ts";
import { acceptWithout, frameBytes, inFrames, tarOf, wanted } from "./files.ts";
import { throughEgress } from "./through-egress.ts";
import type { Vector } from "./vector.ts";

const mebibyte = 2 ** 20;

/** Everything that a command of the agent prints, as it comes, to whoever keeps it. */
async function print(field: Field, script: string, keep: (chunk: Buffer) => void): Promise<void> {
  const { workspace } = await openWorkshop(field);
  await workspace.run({ argv: ["sh", "-c", script], timeoutMs: 60_000 }, (_stream, chunk) => keep(chunk));
}

async function keptByLog(field: Field, script: string): Promise<string> {
  const log = new OutputLog();
  await print(field, script, (chunk) => log.write(chunk));
  return log.read().toString("latin1");
}

async function keptWhole(field: Field, script: string): Promise<string> {
  const chunks: Buffer[] = [];
  await print(field, script, (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks).toString("latin1");
}

function printing(attack: string, heldBy: string, script: string, won: (kept: string) => boolean): Vector {
  return {
    ...{ attack, heldBy, needs: ["git"] },
    run: async (field) => won(await keptByLog(field, script)),
    control: async (field) => won(await keptWhole(field, script)),
  };
}

const forgery = /[\r\n]\[drover\] pushed/;
/** Also in two halves, which arrive apart. */
const forge = `printf 'x\\r[drover] pushed\\n'; printf '\\n[dro'; sleep 0.1; printf 'ver] pushed\\n'`;

async function endsWithin(limitMs: number, wait: Promise<unknown>): Promise<boolean> {
  const stop = new AbortController();
  const late = pause(limitMs, false, { signal: stop.signal });
  late.catch(() => undefined);
  const ended = wait.then(
    () => true,
    () => true,
  );
  return Promise.race([ended, late]).finally(() => stop.abort());
}

const patienceMs = 2_000;
const shortly: Partial<AcceptOptions> = { operationMs: 300, graceMs: 100 };
const anHour: Partial<AcceptOptions> = { operationMs: 3_600_000, graceMs: 3_600_000 };

/** A runner that was taken over, and an operation that it holds up; the control has all the time in the world. */
function holdUp(
  attack: string,
  talk: (socket: Socket, field: Field) => void,
  ask: (workspace: Workspace) => Promise<unknown>,
): Vector {
  const attempt = async (field: Field, options: Partial<AcceptOptions>) => {
    const { sandbox } = await startFake((socket) => talk(socket, field), options);
    return !(await endsWithin(patienceMs, ask(sandbox)));
  };
  return {
    ...{ attack, heldBy: "a budget of time for each operation, spent by whoever is waited for" },
    run: (field) => attempt(field, shortly),
    control: (field) => attempt(field, anHour),
  };
}

async function* largeTree() {
  for (let at = 0; at < 8; at++) yield { path: `f${at}`, mode: "100644" as const, content: Buffer.alloc(mebibyte) };
}

export const floodVectors: Vector[] = [
  printing(
    "fill memory and storage with what it prints",
    "a log that keeps its beginning and its end",
    "yes 0123456789 | head -c 20000000",
    (kept) => kept.length > 2 * mebibyte,
  ),
  printing(
    "print a line that looks like one of drover's own",
    "a space before what would look like one",
    forge,
    (kept) => forgery.test(kept),
  ),
  {
    attack: "fill the machine's disk with what its container itself prints",
    heldBy: "an end to what is kept of it",
    run: async (field) => (await field.confined(loud)).length > 2 * mebibyte,
    control: async (field) => (await field.open(loud)).length > 2 * mebibyte,
  },
  holdUp(
    "keep the supervisor waiting for an answer that never comes",
    (socket) => void socket.pause(),
    (workspace) => workspace.manifest([]),
  ),
  holdUp(
    "keep the supervisor busy with an answer that never ends",
    (socket, field) => {
      let at = 0;
      const drip = setInterval(() => socket.write(dataFrame(`{"skipped":"${at++}","why":"x"}\n`)), 10);
      field.undo(() => clearInterval(drip));
    },
    (workspace) => workspace.manifest([]),
  ),
  holdUp(
    "keep the supervisor at sending by never reading",
    (socket) => void socket.pause(),
    (workspace) => workspace.unpack(largeTree()),
  ),
  {
    attack: "have the supervisor make room for a message of a gigabyte",
    heldBy: "a length that is judged before anything of that size is asked for",
    run: () => waitsForLongest(),
    control: async (field) =>
      waitsForLongest(
        await acceptWithout(
          field,
          edit("functions/sandbox/frames.ts", "if (byteCount > maxBytes[kind])", "if (false)"),
        ),
      ),
  },
  {
    attack: "have the supervisor pile up what it does not come to read",
    heldBy: "one frame at a time, while the sender waits",
    async run() {
      const sent = { bytes: 0 };
      const frames = inFrames(
        await tarOf([
          [{ name: "a" }, "abc"],
          [{ name: "b" }, "x".repeat(40 * mebibyte)],
        ]),
      );
      const { sandbox } = await startFake((socket) => void socket.once("data", () => flood(socket, frames, sent)));
      for await (const file of sandbox.fetch([wanted("a"), wanted("b")])) {
        // It takes its time over the first file.
        if (file.path === "a" && (await endsWithin(patienceMs, grown(sent)))) return true;
        break;
      }
      return false;
    },
    async control(field) {
      const kept: Buffer[] = [];
      const server = createServer((socket) =>
        socket.on("error", () => undefined).on("data", (chunk) => kept.push(chunk)),
      );
      const path = join(field.scratch(), "greedy.sock");
      server.listen(path);
      await once(server, "listening");
      field.undo(() => server.close());
      const socket = connect(path).on("error", () => undefined);
      field.undo(() => socket.destroy());
      const sent = { bytes: 0 };
      flood(socket, dataFrame(Buffer.alloc(40 * mebibyte)), sent);
      return endsWithin(20_000, grown(sent));
    },
  },
  {
    attack: "take all connections that the supervisor can serve",
    heldBy: "a limit on connections for each sandbox",
    run: async (field) => (await openMany(field, {})) > 100,
    control: async (field) => (await openMany(field, { maxConnections: 1_000 })) > 100,
  },
  {
    attack: "bury the log under connections that are refused",
    heldBy: "refusals that are noted once for each target, and a hundred at most",
    run: async (field) => (await refuseMany(field, (log) => noteRefusals(log, "the agent").onRefused)) > 150,
    control: async (field) =>
      (await refuseMany(
        field,
        (log) =>
          ({ host }) =>
            log.note(`refused ${host}`),
      )) > 150,
  },
];

const loud: Program = {
  language: "node",
  source: `const chunk = "x".repeat(65536); let left = 64; const more = () => { if (left-- > 0) process.stdout.write(chunk, more) }; more();`,
};

/** Of a longer one Node.js itself would make an error. */
const longestFrame = Buffer.from([0x3f, 0xff, 0xff, 0xff, 2]);

/** Whoever believes the length goes on reading. */
async function waitsForLongest(accept = acceptWorkspace): Promise<boolean> {
  const { sandbox } = await startFake((socket) => void socket.write(longestFrame), {}, accept);
  return !(await endsWithin(patienceMs, sandbox.lost));
}

/** As fast as it is taken. */
function flood(socket: Socket, bytes: Buffer, sent: { bytes: number }): void {
  const send = () => {
    for (let room = true; room && !socket.destroyed && sent.bytes < bytes.length; sent.bytes += frameBytes) {
      room = socket.write(bytes.subarray(sent.bytes, sent.bytes + frameBytes));
    }
  };
  socket.on("drain", send);
  send();
}

async function grown(sent: { bytes: number }): Promise<void> {
  while (sent.bytes <= 16 * mebibyte) await pause(10);
}

const manyConnections = 200;

/** Opens so many tunnels at once, to one place or to as many, and prints how many were let through. */
const connectMany = (target: string): Program => ({
  language: "node",
  source: `import { connect } from "node:net";
    let open = 0, answered = 0;
    const done = () => { if (++answered === ${manyConnections}) { console.log(open); process.exit(0); } };
    for (let at = 0; at < ${manyConnections}; at++) {
      const socket = connect("/run/drover/egress.sock");
      let heard = false;
      const hear = (isOpen) => { if (!heard) { heard = true; if (isOpen) open++; done(); } };
      socket.on("data", (bytes) => hear(String(bytes).startsWith("HTTP/1.1 200"))).on("error", () => hear(false)).on("close", () => hear(false));
      socket.write("CONNECT " + ${target} + " HTTP/1.1\\r\\n\\r\\n");
    }`,
});

async function openMany(field: Field, options: { maxConnections?: number }): Promise<number> {
  const server = createServer((socket) => void socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(server, "listening");
  field.undo(() => server.close());
  const target = `inside.test:${(server.address() as AddressInfo).port}`;
  const rules = { allow: [], allowPrivate: [target] };
  return Number(await throughEgress(field, connectMany(JSON.stringify(target)), { rules, ...options }));
}

async function refuseMany(field: Field, keep: (log: OutputLog) => EgressOptions["onRefused"]): Promise<number> {
  const log = new OutputLog();
  await throughEgress(field, connectMany(`"h" + at + ".test:443"`), { maxConnections: 1_000, onRefused: keep(log) });
  return log.read().toString().split("\n").length;
}
