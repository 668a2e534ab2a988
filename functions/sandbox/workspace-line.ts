// How does the supervisor talk with a runner that may lie, stall or vanish at any moment?
import type { Frame, Frames } from "./frames.ts";
import { openMailbox } from "./mailbox.ts";
import { type Answer, answerSchema, type Request } from "./protocol.ts";
import { toWorkspaceError, WorkspaceError } from "./workspace-error.ts";

export type Heard = { kind: "data"; bytes: Buffer } | { kind: "answer"; answer: Answer };

/** One operation, from its request to its answer. A turn that ends unanswered breaks the line. */
export interface Turn {
  ask(request: Request): Promise<void>;
  giveData(bytes: Buffer): Promise<void>;
  giveEnd(): Promise<void>;
  hear(): Promise<Heard>;
  /** The answer, where data would be a violation. */
  hearAnswer(): Promise<Answer>;
  /** Leaves the runner at most this long from now on. */
  hurry(budgetMs: number): void;
  /** The peer broke the protocol: ends the connection, and throws. */
  violate(what: string): never;
}

export interface Line {
  /** One turn at a time. `budgetMs` counts only the time spent waiting for the runner, not our own work in between. */
  take<Result>(budgetMs: number, work: (turn: Turn) => Promise<Result>): Promise<Result>;
  begin(budgetMs: number): Turn & { end(): void };
  close(): void;
  readonly lost: Promise<Error>;
}

export function openLine(frames: Frames, incoming: AsyncGenerator<Frame, void>): Line {
  const mailbox = openMailbox();
  const { promise: lost, resolve: reportLoss } = Promise.withResolvers<Error>();
  let ending: WorkspaceError | undefined;
  let busy = false;

  const end = (error: WorkspaceError) => {
    ending ??= error;
    mailbox.fail(ending);
    frames.destroy();
  };
  const fail = (error: WorkspaceError): never => {
    if (!ending) reportLoss(error);
    end(error);
    throw ending ?? error;
  };
  const pump = async () => {
    for await (const frame of incoming) {
      if (!busy) throw new WorkspaceError("protocol_violation", "the runner spoke without being asked");
      await mailbox.put(frame);
    }
    throw new WorkspaceError("lost", "the connection to the workspace is gone");
  };
  // Whatever ends the reading ends the line; `fail` keeps the error for the turn and for `lost`.
  pump()
    .catch((error: unknown) => fail(toWorkspaceError(error)))
    .catch(() => undefined);

  function begin(budgetMs: number): Turn & { end(): void } {
    if (ending) throw ending;
    if (busy) throw new WorkspaceError("failed", "the workspace is busy with another operation");
    busy = true;
    const patience = startPatience(budgetMs, () => {
      const error = new WorkspaceError("timeout", "the runner did not answer in time");
      if (!ending) reportLoss(error);
      end(error);
    });
    let answered = false;

    async function send(write: Promise<void>): Promise<void> {
      try {
        await patience.during(write);
      } catch (error) {
        throw ending ?? toWorkspaceError(error);
      }
    }
    const violate = (what: string): never => fail(new WorkspaceError("protocol_violation", `the runner ${what}`));

    async function hear(): Promise<Heard> {
      const frame = await patience.during(mailbox.take());
      if (frame.kind === "data") return frame;
      const parsed = frame.kind === "json" ? answerSchema.safeParse(frame.value) : undefined;
      if (!parsed?.success) return violate("sent something else than an answer");
      answered = true;
      return { kind: "answer", answer: parsed.data };
    }

    return {
      ask: (request) => send(frames.sendJson(request)),
      giveData: (bytes) => send(frames.sendData(bytes)),
      giveEnd: () => send(frames.sendEnd()),
      hear,
      async hearAnswer() {
        const heard = await hear();
        return heard.kind === "answer" ? heard.answer : violate("sent data that nobody asked for");
      },
      hurry: patience.shorten,
      violate,
      end() {
        patience.end();
        busy = false;
        if (ending || (answered && mailbox.isEmpty)) return;
        const error = answered
          ? new WorkspaceError("protocol_violation", "the runner went on after its answer")
          : new WorkspaceError("lost", "an operation broke off, so what the runner says next cannot be told apart");
        reportLoss(error);
        end(error);
      },
    };
  }

  return {
    begin,
    async take(budgetMs, work) {
      const turn = begin(budgetMs);
      try {
        return await work(turn);
      } finally {
        turn.end();
      }
    },
    close: () => end(new WorkspaceError("lost", "the workspace was closed")),
    lost,
  };
}

/** Has the runner stop early, and lets what it still says go by. The line breaks if that takes longer than `graceMs`. */
export async function giveUp(turn: Turn, graceMs: number): Promise<void> {
  turn.hurry(graceMs);
  await turn.ask({ kind: "cancel" });
  while ((await turn.hear()).kind === "data");
}

/** A timer that runs only while we wait for the peer. */
function startPatience(budgetMs: number, onEnd: () => void) {
  let remainingMs = budgetMs;
  let waits = 0;
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    remainingMs -= performance.now() - startedAt;
  };
  const start = () => {
    startedAt = performance.now();
    timer = setTimeout(onEnd, Math.max(0, remainingMs));
  };
  return {
    async during<Result>(wait: Promise<Result>): Promise<Result> {
      if (waits++ === 0) start();
      try {
        return await wait;
      } finally {
        if (--waits === 0) stop();
      }
    },
    shorten(limitMs: number) {
      if (waits > 0) stop();
      remainingMs = Math.min(remainingMs, limitMs);
      if (waits > 0) start();
    },
    end: () => clearTimeout(timer),
  };
}
