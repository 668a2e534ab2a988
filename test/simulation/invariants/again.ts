// Is a message done with once it was answered? Each that comes again is paid for again, and ends among the dead.
import type { Stage } from "../stage.ts";

interface Received {
  messageId: string;
  received: number;
  postponedMs: number | undefined;
}

/** At each receipt: where nothing goes wrong, only what was asked to come later comes a second time. */
export function watchReceive({ world }: Stage, { messageId, received, postponedMs }: Received): void {
  if (world.swarm.isCalm && received > 1 && postponedMs === undefined)
    world.fail("message_again", `${messageId} comes for the ${received}th time, and nothing went wrong`);
}
