// Which process serves the supervisor's requests, where commands have a uid of their own?
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Frame, type Frames, openFrames } from "../frames.ts";
import { helloSchema } from "../protocol.ts";
import { agentCommand } from "./as-agent.ts";
import { handEnvironment, type RunnerSettings } from "./environment.ts";

export interface Hand {
  lines: readonly { frames: Frames; incoming: AsyncGenerator<Frame, void> }[];
  /** Settles when the process has ended, by whomever. */
  ended: Promise<unknown>;
}

export type HandSettings = RunnerSettings & { asAgent: string; relayUp: boolean };

/** The lines of a hand are the descriptors from here on. */
const firstDescriptor = 3;
const startMs = 20_000;
/** Of what a hand prints; whatever it runs under its uid can print there, too. */
const maxWordsBytes = 64 * 1024;

/** What the script below ends with when the kernel will not keep the limit. */
const unlimitedCode = 78;
/**
 * The loader of a setuid program forgets TMPDIR. A limit that is lower already stays; without one a fork bomb would take
 * the whole sandbox along, so nothing is started then.
 */
const handScript = `export TMPDIR="$1"
hard=$(prlimit --pid $$ --nproc --output=HARD --noheadings --raw) || exit ${unlimitedCode}
if [ "$hard" = unlimited ] || [ "$hard" -gt "$2" ]; then prlimit --pid $$ --nproc="$2" || exit ${unlimitedCode}; fi
prlimit --pid $$ --core=0 || exit ${unlimitedCode}
shift 2; exec "$@" 2>&1`;

/** The same program once more, as the agent. Resolves when it is ready on all of its lines. */
export async function startHand(settings: HandSettings): Promise<Hand> {
  const { asAgent, lineCount, processes } = settings;
  const runner = [process.execPath, String(process.argv[1])];
  const shell = ["/bin/sh", "-c", handScript, "hand", process.env.TMPDIR ?? "/tmp", String(processes), ...runner];
  const [program = "", ...args] = agentCommand(asAgent, shell);
  const child = spawn(program, args, {
    cwd: "/",
    env: handEnvironment(process.env, settings),
    stdio: ["ignore", "pipe", "inherit", ...Array<"pipe">(lineCount).fill("pipe")],
  });
  const ended = once(child, "close").catch((error: Error) => Promise.reject(notStarted(error.message)));
  ended.catch(() => undefined); // Also met where it is raced, below and by the keeper.
  passWords(child);
  const lines = child.stdio.slice(firstDescriptor).map((line) => {
    const frames = openFrames(line as Duplex);
    return { frames, incoming: frames.read() };
  });
  const tooLate = AbortSignal.timeout(startMs);
  const late = once(tooLate, "abort").then(() => Promise.reject(notStarted("it did not say hello in time")));
  const hello = Promise.all(lines.map(({ incoming }) => hearHello(incoming))).catch(async (error: unknown) => {
    // Its lines close before its end is known, which may say more.
    const [code] = await ended;
    throw code === unlimitedCode ? notStarted(unlimited) : error;
  });
  await Promise.race([hello, late]);
  return { lines, ended };
}

/** In a hand: the lines that the runner above has opened. */
export function takeLines(lineCount: number): Socket[] {
  return Array.from({ length: lineCount }, (_, index) => new Socket({ fd: firstDescriptor + index }));
}

async function hearHello(incoming: AsyncGenerator<Frame, void>): Promise<void> {
  const { value: frame } = await incoming.next();
  if (frame?.kind === "json" && helloSchema.safeParse(frame.value).success) return;
  throw notStarted("it said no hello. If setresuid failed, this platform forbids new privileges or mounts nosuid");
}

function passWords(child: ChildProcess): void {
  let left = maxWordsBytes;
  child.stdout?.on("data", (bytes: Buffer) => {
    if (left > 0) process.stderr.write(bytes.subarray(0, left));
    left -= bytes.length;
  });
}

const unlimited =
  "the number of its processes cannot be limited. The image needs util-linux' prlimit, and the platform a limit (RLIMIT_NPROC) that may be lowered";

const notStarted = (why: string) => new Error(`the process for the agent's commands does not serve: ${why}`);
