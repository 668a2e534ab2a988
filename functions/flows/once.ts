// How is something read once, however many ask for it?
import type { Cloud } from "../core/cloud.ts";
import type { Switches } from "../core/switches.ts";
import type { Task } from "../core/task.ts";

/** Those who ask meanwhile wait for the same answer. A read that fails is made again for the next who asks. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= read().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** Once for each key. */
export function onceFor<A, T>(keyOf: (asked: A) => string, read: (asked: A) => Promise<T>): (asked: A) => Promise<T> {
  const known = new Map<string, () => Promise<T>>();
  return (asked) => {
    const key = keyOf(asked);
    const ask = known.get(key) ?? once(() => read(asked));
    known.set(key, ask);
    return ask();
  };
}

/** Those that cover a task: once for all tasks of its workspace on its backend. */
export const switchesOnce = ({ table }: Pick<Cloud, "table">): ((task: Task) => Promise<Switches>) =>
  onceFor(
    ({ workspace, backend }) => `${workspace} ${backend}`,
    (task) => table.getSwitches(task),
  );
