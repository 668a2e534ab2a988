// How does the state of a fleet change again and again? Work is done and sent back: two changes, each with its audit event.
import { setTimeout as pause } from "node:timers/promises";
import type { Puppet } from "../stack/start-puppets.ts";

/** So many a second; answers when each was asked for, in epoch milliseconds, by `nameOfChange`. */
export type Change = (ms: number, perSecond: number) => Promise<Map<string, number>>;

/** No two have the same name, however often it is called. */
export function openChange(puppets: readonly Puppet[]): Change {
  let pairs = 0;
  return async (ms, perSecond) => {
    const askedAt = new Map<string, number>();
    const endsAt = performance.now() + ms;
    for (let dueAt = performance.now(); Math.max(dueAt, performance.now()) < endsAt; dueAt += 2_000 / perSecond) {
      await pause(Math.max(0, dueAt - performance.now()));
      const puppet = puppets[pairs % puppets.length];
      pairs += 1;
      const [commit, why] = [pairs.toString(16).padStart(40, "0"), `change ${pairs}`];
      askedAt.set(commit, Date.now());
      await puppet?.say("work-done", { commit, files: 1, additions: 1, deletions: 0 });
      askedAt.set(why, Date.now());
      // A number that the task has had would be taken for a repetition, and change nothing.
      await puppet?.say("rejected", { by: "gates", why, rejection: pairs });
    }
    return askedAt;
  };
}

/** By the `data` of its audit event; undefined for one that `openChange` has not made. */
export const nameOfChange = ({ commit, why }: { commit?: string; why?: string }): string | undefined => commit ?? why;
