// Is anything taken of what a killed agent says? It goes on with its own token until it is refused, and some times after that.
import { setTimeout as pause } from "node:timers/promises";
import type { TaskId } from "../../../functions/core/ids.ts";
import { now } from "../bench.ts";
import { aBeat, wordsOf } from "../stack/life.ts";

/** Says a word to the control plane as the agent's supervisor would. */
export type Say = (word: Word) => Promise<Response>;
export type Word = [verb: string, body: object];

/** What whoever kills knows so far. Between both, a kill-all's fence alone holds; a kill of one is both at once. */
export interface Told {
  /** From now on nothing has an effect. */
  fenced: boolean;
  /** The task is ended: a heartbeat, which has no effect, is refused as well. */
  ended: boolean;
}

/** A word that was said too late. */
export interface Late {
  verb: string;
  refusal?: Refusal;
}

type Refusal = (typeof refusals)[number];
const refusals = ["task_ended", "attempt_superseded", "task_stopped"] as const;

const patienceMs = 120_000;
/** Heartbeats, and as many of the other words, after the first heartbeat that was refused. */
const triesAfter = 5;
/** Above those of the supervisor, which counts its own. */
const firstSeq = 1_000_000;

/** What would take effect if the task lived, for one at work and for one whose work is reported: it leads to a push, or is a result. */
export function effectsOf(taskId: TaskId, status: "running" | "verifying"): Word[] {
  const wordsWith = (verb: string) => wordsOf(taskId).filter((word) => word[0] === verb);
  if (status === "running") return wordsWith("work-done");
  return [...wordsWith("permit"), ["complete", { kind: "no_changes" }]];
}

/** Undefined: it was accepted. Whatever else it is answered with is no fence, and must not be taken for one. */
export async function refusalOf(say: Say, word: Word): Promise<Refusal | undefined> {
  const answer = await say(word);
  const text = await answer.text();
  if (answer.ok) return undefined;
  const refusal = refusals.find((code) => text.includes(`"code":"${code}"`));
  if (!refusal) throw new Error(`"${word[0]}" was answered with ${answer.status}: ${text}`);
  return refusal;
}

/** Heartbeats, and from the fence on one of `effects` after each. Ends early when something is accepted too late. */
export async function insist(say: Say, effects: readonly Word[], everyMs: number, told: Told) {
  const late: Late[] = [];
  let refusedAt: number | undefined;
  const end = now() + patienceMs;
  for (let seq = firstSeq, after = 0; after < triesAfter && !late.some(isAccepted); seq += 1) {
    if (now() > end) throw new Error(`no heartbeat was refused, or the kill not answered, within ${patienceMs} ms`);
    await pause(everyMs);
    // The answer is under way: more heartbeats would only hold it up.
    if (refusedAt !== undefined && !told.fenced) continue;
    const isLate = told.ended || refusedAt !== undefined;
    const refusal = await refusalOf(say, ["beat", aBeat(seq)]);
    if (refusal) refusedAt ??= now();
    if (isLate) late.push({ verb: "beat", refusal });
    const effect = effects[seq % effects.length];
    if (!told.fenced || !effect) continue;
    await pause(everyMs);
    late.push({ verb: effect[0], refusal: await refusalOf(say, effect) });
    if (refusedAt !== undefined) after += 1;
  }
  return { refusedAt: refusedAt ?? Number.NaN, late };
}

export const isAccepted = ({ refusal }: Late): boolean => refusal === undefined;
