// Does the supervisor's loop still move? Beats go out from it, name the step, and stop when a step takes too long.
import type { Spend } from "../core/budget.ts";
import type { StartAnswer } from "../core/callbacks.ts";
import { type ControlPlane, Dismissed } from "./control-plane.ts";
import type { OutputLog } from "./output-log.ts";

/** `spend` is read anew for each beat. */
export interface Carried {
  spend?: () => Spend;
  checkpoint?: true;
}

export interface Heartbeat {
  /** Names what is done from now on. After `limitMs` in it the beats end, and the control plane gives the attempt up. */
  enter(step: string, limitMs: number): void;
  /** From now on every beat carries this, too. */
  carry(state: Carried): void;
  /** Beats at once, and settles when the control plane has it; rejects when it has not. */
  beat(): Promise<void>;
  /** The number of the last message that people have sent to the agent, as far as the last beat knows. */
  inbox(): number;
  stop(): void;
}

/** `onLost` is called once, when this attempt may not go on or nobody has answered for as long as it is patient. */
export function startHeartbeat(
  plane: ControlPlane,
  answer: StartAnswer,
  log: OutputLog,
  onLost: (why: string) => void,
): Heartbeat {
  let seq = 0;
  let step = { name: "starting", startedAt: Date.now(), limitMs: answer.leaseMs };
  let carried: Carried = {};
  let inbox = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let underWay: Promise<void> = Promise.resolve();

  async function beatOnce(): Promise<void> {
    seq += 1;
    const { latest, length: outputLength } = log;
    const output = latest.slice(-answer.beatCharacters);
    const { name, startedAt: stepStartedAt } = step;
    const { spend, ...state } = carried;
    const beat = { seq, step: name, stepStartedAt, output, outputLength, ...state };
    inbox = await plane.beat(spend ? { ...beat, spend: spend() } : beat);
  }

  /** One after the other, or an older one could be written last. */
  function beat(): Promise<void> {
    underWay = underWay.catch(() => undefined).then(beatOnce);
    return underWay;
  }

  async function loop(): Promise<void> {
    try {
      if (Date.now() - step.startedAt <= step.limitMs) await beat();
    } catch (error) {
      if (stopped) return;
      if (error instanceof Dismissed) return onLost(error.message);
      console.error("a beat failed", error);
    }
    if (stopped) return;
    const silentMs = Date.now() - plane.lastAnswerAt();
    if (silentMs > answer.patienceMs) return onLost(`nobody has answered for ${silentMs} ms`);
    timer = setTimeout(loop, answer.beatMs);
  }

  void loop();
  return {
    enter(name, limitMs) {
      step = { name, startedAt: Date.now(), limitMs };
    },
    carry(state) {
      carried = { ...carried, ...state };
    },
    beat,
    inbox: () => inbox,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
