// How does a fleet of puppets come to be at work? Several are asked for at once; each runs before the next is.
import type { Puppet, PuppetStack } from "./start-puppets.ts";

/** Submissions under way at once, while the fleet is made. */
const makersAtOnce = 8;

export interface Running {
  taskIds: string[];
  /** In the order of `taskIds`. */
  puppets: Puppet[];
}

/** Settles when all of them run. `requestOf`: what the nth is asked for with. */
export async function runMany(stack: PuppetStack, count: number, requestOf: (n: number) => object): Promise<Running> {
  const taskIds: string[] = [];
  const puppets: Puppet[] = [];
  const make = async () => {
    while (taskIds.length < count) {
      const n = taskIds.push("") - 1;
      const taskId = await stack.submit(requestOf(n));
      const puppet = await stack.puppetOf(taskId);
      await puppet.say("start", {});
      [taskIds[n], puppets[n]] = [taskId, puppet];
    }
  };
  await Promise.all(Array.from({ length: makersAtOnce }, make));
  return { taskIds, puppets };
}
