// What does a model agent hear of what people say to it? As in `functions/sandbox/inbox.ts`: at its first turn, when a
// beat tells of more, and once more at the end.
import type { Caller } from "../../../functions/flows/call-back.ts";
import { readMessages } from "../../../functions/flows/send-message.ts";
import type { Stage } from "../stage.ts";

type Ask = <T>(
  verb: string,
  serve: (cloud: Parameters<typeof readMessages>[0]) => Promise<T>,
) => Promise<T | undefined>;

export class Inbox {
  readonly #stage: Stage;
  readonly #caller: Caller;
  #heard: number | undefined;
  /** The number that the last beat told. */
  told = 0;

  constructor(stage: Stage, caller: Caller) {
    this.#stage = stage;
    this.#caller = caller;
  }

  get heard(): number {
    return this.#heard ?? 0;
  }

  async take(ask: Ask): Promise<void> {
    if (this.#heard !== undefined && this.told <= this.#heard) return;
    const messages = await ask("messages", (cloud) => readMessages(cloud, this.#caller, this.heard));
    this.#heard = messages?.at(-1)?.number ?? this.heard;
    this.#stage.heardBy.set(this.#caller.agentId, this.#heard);
  }
}
