// Does the shell that waits for the gates come to an end, whatever becomes of its supervisor?
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { untrusted } from "../../../infra/sandbox-containers.ts";
import { makePlace, until, within } from "../harness.ts";

const module = join(import.meta.dirname, "../../../functions/sandbox/gates/hold-room.ts");

/** The command of the container up to the runner, in whose place something says that it was started. */
function startShell(sockets: string) {
  const [, gates] = untrusted;
  const [program = "", ...args] = gates.command.slice(0, gates.command.indexOf("gates") + 1);
  const env = { PATH: process.env.PATH, DROVER_SOCKETS: sockets };
  const shell = spawn(program, [...args, "echo", "the runner"], { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void shell.kill("SIGKILL"));
  return { shell, printed: text(shell.stdout), ended: once(shell, "exit") };
}

/** A supervisor that holds the room, and wants it when it is told to. */
async function startSupervisor(sockets: string): Promise<ChildProcess> {
  const source = `import { holdRoom } from ${JSON.stringify(module)};
    const room = await holdRoom(process.argv[1]);
    process.stdin.on("data", room.want);
    console.log("up");`;
  const supervisor = spawn(process.execPath, ["--input-type=module", "-e", source, sockets], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void supervisor.kill("SIGKILL"));
  await once(supervisor.stdout as NonNullable<typeof supervisor.stdout>, "data");
  return supervisor;
}

it("the runner starts when its supervisor wants it, and not before", async () => {
  const { sockets } = makePlace();
  const { shell, printed, ended } = startShell(sockets);
  const supervisor = await startSupervisor(sockets);
  expect(shell.exitCode).toBeNull();
  supervisor.stdin?.write("now");
  expect(await within(10_000, "the runner", printed)).toBe("the runner\n");
  expect(await ended).toEqual([0, null]);
});

it("the shell ends by itself when its supervisor is killed, also where nobody else is left", async () => {
  const { sockets } = makePlace();
  const supervisor = await startSupervisor(sockets);
  const { shell, printed, ended } = startShell(sockets);
  await until("the shell reads from the pipe", () => isWaitingAtPipe(shell.pid ?? 0, sockets));
  supervisor.kill("SIGKILL");
  expect(await within(10_000, "the shell's end", ended)).toEqual([0, null]);
  expect(await printed).toBe("");
});

/** Its standard input, for as long as `read` has it. */
function isWaitingAtPipe(pid: number, sockets: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`) === join(sockets, "wanted");
  } catch {
    return false; // it has ended, or has not begun
  }
}
