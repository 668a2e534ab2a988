// Which operation does each request of the supervisor start, and when does its answer leave?
import { PassThrough } from "node:stream";
import type { Frames } from "../frames.ts";
import { type Answer, type Request, requestSchema } from "../protocol.ts";
import { clearDisks } from "./clear.ts";
import type { RunnerSettings } from "./environment.ts";
import { sendFiles } from "./fetch.ts";
import { sendManifest } from "./manifest.ts";
import { quiesce } from "./quiesce.ts";
import { runCommand } from "./run.ts";
import type { Runs } from "./runs.ts";
import { unpackTar } from "./unpack.ts";

export interface Operation {
  /** The data frames that follow the request. Whoever has no use for it leaves it alone. */
  input: PassThrough;
  /** Settles once the supervisor has room for more. */
  send(bytes: Buffer): Promise<void>;
  /** The supervisor has lost interest. */
  signal: AbortSignal;
}
export type ServeOptions = RunnerSettings & { relayUp: boolean; runs: Runs };

interface Current {
  input: PassThrough;
  inputEnded: boolean;
  stop: AbortController;
}

const takesInput: Record<Request["kind"], boolean> = {
  unpack: true,
  manifest: true,
  fetch: true,
  run: false,
  quiesce: false,
  clear: false,
  cancel: false,
};

/** Returns when the supervisor is gone; throws when it does not keep to the protocol. */
export async function serveRequests(frames: Frames, options: ServeOptions): Promise<void> {
  let current: Current | undefined;

  function begin(request: Request): Current {
    const started: Current = { input: new PassThrough(), inputEnded: false, stop: new AbortController() };
    if (!takesInput[request.kind]) endInput(started);
    const operation = { input: started.input, send: frames.sendData, signal: started.stop.signal };
    const answerWhenDone = async () => {
      const answer = await perform(request, operation, options).catch(explainFailure);
      await drain(started);
      // Before the answer leaves, for the next request may be here before the sending has settled.
      current = undefined;
      await frames.sendJson(answer);
    };
    // An answer that cannot be sent means that the connection is gone, which ends the loop below as well.
    answerWhenDone().catch(() => frames.destroy());
    return started;
  }

  for await (const frame of frames.read()) {
    if (frame.kind === "data" || frame.kind === "end") {
      if (!current || current.inputEnded) throw new Error("data that belongs to no request");
      if (frame.kind === "end") endInput(current);
      else await offer(current.input, frame.bytes);
      continue;
    }
    const request = requestSchema.parse(frame.value);
    if (request.kind === "cancel") {
      // May arrive when the operation has just ended; then there is nothing to cancel.
      current?.stop.abort();
      continue;
    }
    if (current) throw new Error("a request before the answer to the last one");
    current = begin(request);
  }
  current?.stop.abort();
}

function perform(request: Request, operation: Operation, options: ServeOptions): Promise<Answer> {
  switch (request.kind) {
    case "unpack":
      return unpackTar(operation, options.workspace);
    case "manifest":
      return sendManifest(operation, options.workspace);
    case "fetch":
      return sendFiles(operation, options.workspace);
    case "run":
      return runCommand(request, operation, options);
    case "quiesce":
      return quiesce(options).then(() => ({ kind: "done" }));
    case "clear":
      return clearDisks(operation, options);
    case "cancel":
      return Promise.reject(new Error("a cancel is no operation"));
  }
}

function explainFailure(error: unknown): Answer {
  return { kind: "failed", why: String(error instanceof Error ? error.message : error).slice(0, 2000) };
}

function endInput(current: Current): void {
  current.inputEnded = true;
  current.input.end();
}

async function offer(input: PassThrough, bytes: Buffer): Promise<void> {
  if (input.write(bytes)) return;
  await new Promise<void>((resolve) => input.once("drain", resolve));
}

/** What the operation did not read must still come off the line before the answer. */
async function drain({ input }: Current): Promise<void> {
  input.resume();
  if (!input.readableEnded) await new Promise<void>((resolve) => input.once("end", resolve));
}
