// What have people said to the agent that it has not heard yet?
import type { Attempt } from "./run-attempt.ts";

export interface Inbox {
  /** At the `end` nobody asks again: what was sent up to this moment is heard. */
  take(moment: "turn" | "end"): Promise<string[]>;
  /** The number of the last message that was taken. */
  heard(): number;
}

/** The beats tell when there is something new; only then it is asked for. */
export function openInbox({ heartbeat, plane }: Pick<Attempt, "heartbeat" | "plane">): Inbox {
  let heard: number | undefined;
  return {
    async take(moment) {
      if (moment === "end") await heartbeat.beat();
      // What was said before this attempt began, to an earlier one too, is news to it.
      if (heard !== undefined && heartbeat.inbox() <= heard) return [];
      const messages = await plane.messages(heard ?? 0);
      heard = messages.at(-1)?.number ?? heard ?? 0;
      return messages.map(({ text }) => text);
    },
    heard: () => heard ?? 0,
  };
}
