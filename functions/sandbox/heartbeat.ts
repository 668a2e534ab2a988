// Does the supervisor's loop still move? Beats go out from it, name the step, and stop when a step takes too long.
import type { StartAnswer } from "../core/callbacks.ts";
import { type ControlPlane, Dismissed } from "./control-plane.ts";
import type { OutputLog } from "./output-log.ts";
import { uploadArtifact } from "./upload.ts";

export interface Heartbeat {
  /** Names what is done from now on. After `limitMs` in it the beats end, and the control plane gives the attempt up. */
  enter(step: string, limitMs: number): void;
  /** Beats at once if something was printed since the last beat, so that watchers see it before the next step. */
  flush(): Promise<void>;
  stop(): void;
}

/** `onLost` is called once, when this attempt may not go on or nobody has answered for the length of a lease. */
export function startHeartbeat(
  plane: ControlPlane,
  answer: StartAnswer,
  log: OutputLog,
  onLost: (why: string) => void,
): Heartbeat {
  let seq = 0;
  let step = { name: "starting", startedAt: Date.now(), limitMs: answer.leaseMs };
  let uploadAt = Date.now() + answer.logUploadMs;
  let uploadedBytes = 0;
  let toldLength = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let uploading = false;
  let underWay: Promise<void> = Promise.resolve();

  async function beatOnce(): Promise<void> {
    if (Date.now() - step.startedAt > step.limitMs) return;
    seq += 1;
    const { latest: output, length: outputLength } = log;
    await plane.beat({ seq, step: step.name, stepStartedAt: step.startedAt, output, outputLength });
    toldLength = outputLength;
  }

  /** Beside the beats, which must not wait for it; one at a time. */
  async function uploadLog(): Promise<void> {
    if (uploading || stopped || Date.now() < uploadAt || log.bytes === uploadedBytes) return;
    uploading = true;
    uploadedBytes = log.bytes;
    await uploadArtifact(answer.uploads.log, log.read());
    uploadAt = Date.now() + answer.logUploadMs;
    uploading = false;
  }

  /** One after the other, or an older one could be written last. */
  function beat(): Promise<void> {
    underWay = underWay.catch(() => undefined).then(beatOnce);
    return underWay;
  }

  async function loop(): Promise<void> {
    try {
      await beat();
      void uploadLog();
    } catch (error) {
      if (stopped) return;
      if (error instanceof Dismissed) return onLost(error.message);
      console.error("a beat failed", error);
    }
    if (stopped) return;
    const silentMs = Date.now() - plane.lastAnswerAt();
    if (silentMs > answer.leaseMs) return onLost(`nobody has answered for ${silentMs} ms`);
    timer = setTimeout(loop, answer.beatMs);
  }

  void loop();
  return {
    enter(name, limitMs) {
      step = { name, startedAt: Date.now(), limitMs };
    },
    async flush() {
      if (log.length > toldLength) await beat();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
