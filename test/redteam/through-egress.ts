// What does a program in a sandbox get through the proxy, as it is and without one of its safeguards?
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type EgressOptions, startEgress } from "../../functions/sandbox/egress.ts";
import type { Edit } from "../simulation/mutants/edit.ts";
import type { Field, Program } from "./field.ts";
import { withoutSafeguard } from "./unguarded.ts";

/** What is said on one connection, part by part; a number is a silence (milliseconds) that begins with the first answer. */
export type Speech = readonly (string | Buffer | number)[];

export const egressFile = "functions/sandbox/egress.ts";

/** The folder of a sandbox, and the place where its proxy listens. */
export function placeEgress(field: Field) {
  const folder = field.nextFolder();
  const sockets = join(folder.root, "sockets/workspace");
  mkdirSync(sockets, { recursive: true });
  return { folder, path: join(sockets, "egress.sock") };
}

/** Runs the program in a sandbox with such a proxy. Names lead to this machine, and nothing is allowed, unless options say so. */
export async function throughEgress(
  field: Field,
  program: Program,
  options: Partial<EgressOptions>,
  without: readonly Edit[] = [],
): Promise<string> {
  const { folder, path } = placeEgress(field);
  const start =
    without.length === 0
      ? startEgress
      : (await withoutSafeguard(field, without).load<{ startEgress: typeof startEgress }>(egressFile)).startEgress;
  const proxy = await start(path, {
    rules: { allow: [] },
    resolve: async () => ["127.0.0.1"],
    onRefused: () => undefined,
    maxUploadBytes: 2 ** 20,
    ...options,
  });
  field.undo(() => proxy.close());
  return field.confined(program, { folder });
}

/** Makes all speeches at once, each on its own connection, and prints what was answered to each. */
export const speak = (speeches: readonly Speech[]): Program => ({
  language: "node",
  source: `import { readFileSync } from "node:fs";
    import { connect } from "node:net";
    import { setTimeout as pause } from "node:timers/promises";
    const speeches = JSON.parse(readFileSync("speeches.json", "utf8"));
    const answers = await Promise.all(speeches.map(async (parts) => {
      let heard = "";
      const socket = connect("/run/drover/egress.sock").setEncoding("latin1");
      const answered = new Promise((done) => socket.once("data", done).once("close", done));
      const over = new Promise((done) => socket.once("close", done));
      socket.on("data", (text) => { heard += text; }).on("error", () => undefined).on("end", () => socket.end());
      socket.setTimeout(2500, () => socket.destroy());
      for (const part of parts) {
        if (typeof part === "number") await answered.then(() => pause(part));
        else if (socket.writable) socket.write(Buffer.from(part, "base64"));
      }
      await over;
      return heard;
    }));
    console.log(JSON.stringify(answers));`,
  files: { "speeches.json": JSON.stringify(speeches.map((parts) => parts.map(forJson))) },
});

const forJson = (part: Speech[number]) =>
  typeof part === "number" ? part : (typeof part === "string" ? Buffer.from(part, "latin1") : part).toString("base64");
