import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { passOutput } from "../../functions/sandbox/runner/output.ts";
import { until, within } from "./harness.ts";

/** Takes a chunk only when it is told to, and counts how often the output looked for news. */
function makeSupervisor() {
  const supervisor = {
    taken: [] as string[],
    atOnce: 0,
    mostAtOnce: 0,
    looks: 0,
    goOn: [] as (() => void)[],
    send: (bytes: Buffer) =>
      new Promise<void>((resolve) => {
        supervisor.mostAtOnce = Math.max(supervisor.mostAtOnce, ++supervisor.atOnce);
        supervisor.goOn.push(() => {
          supervisor.atOnce--;
          supervisor.taken.push(bytes.toString("latin1"));
          resolve();
        });
      }),
    look: () => {
      supervisor.looks++;
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
  return supervisor;
}

it("only one chunk of a stream is on its way to a supervisor that is slow", async () => {
  const supervisor = makeSupervisor();
  const source = new PassThrough();
  passOutput("stdout", source, supervisor.send, supervisor.look);
  source.write("a");
  await until("the first chunk", () => supervisor.goOn.length === 1);
  for (const text of ["b", "c", "d"]) source.write(text);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(supervisor.goOn.length).toBe(1);
  supervisor.goOn[0]?.();
  await until("the second chunk", () => supervisor.goOn.length === 2);
  expect(supervisor.mostAtOnce).toBe(1);
  expect(supervisor.taken).toEqual(["\u0001a"]);
});

it("the time a slow supervisor takes does not cut the output of a command that has exited", async () => {
  const supervisor = makeSupervisor();
  const source = new PassThrough();
  const output = passOutput("stderr", source, supervisor.send, supervisor.look);
  source.write("first");
  await until("the first chunk", () => supervisor.goOn.length === 1);
  source.write("last");
  // The pipe stays open, as a process left behind would hold it.
  const settled = output.settle();
  await until("far more looks than a quiet pipe gets", () => supervisor.looks > 500);
  supervisor.goOn[0]?.();
  await until("the last chunk", () => supervisor.goOn.length === 2);
  supervisor.goOn[1]?.();
  await within(5_000, "settling", settled);
  expect(supervisor.taken).toEqual(["\u0002first", "\u0002last"]);
});

it("a process left behind that writes for ever is cut off, and goes on writing into nothing", async () => {
  const source = new PassThrough();
  let sent = 0;
  const output = passOutput(
    "stdout",
    source,
    async () => void sent++,
    () => new Promise<void>((resolve) => setImmediate(resolve)),
  );
  let writing = true;
  const write = () => {
    source.write("tick");
    if (writing) setImmediate(write);
  };
  write();
  await within(5_000, "settling", output.settle());
  const atTheEnd = sent;
  await until("everything to be read", () => source.readableLength === 0);
  writing = false;
  expect(sent).toBe(atTheEnd);
  expect(atTheEnd).toBeGreaterThan(10);
});
