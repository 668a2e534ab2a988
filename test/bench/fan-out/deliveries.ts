// Has each viewer seen all that it should, and how long after it was said?
import { setTimeout as pause } from "node:timers/promises";
import type { Viewer } from "./watch.ts";

export interface Audience {
  viewer: Viewer;
  /** When what it should see was said, in epoch milliseconds. */
  saidAt: ReadonlyMap<string, number>;
}

/** A feed looks twice a second at least. */
const patienceMs = 2_000;
const lookMs = 20;

/** How late each was seen by each. Who is late is waited for; what nobody is shown is an error. */
export async function readLags(audience: readonly Audience[]): Promise<number[]> {
  const missing = () => audience.flatMap(({ viewer, saidAt }) => missedBy(viewer, saidAt));
  for (const end = performance.now() + patienceMs; missing().length > 0 && performance.now() < end; ) {
    await pause(lookMs);
  }
  const missed = missing();
  if (missed.length > 0) {
    const due = audience.reduce((sum, { saidAt }) => sum + saidAt.size, 0);
    throw new Error(`${missed.length} of ${due} events were not seen within ${patienceMs} ms: ${missed[0]}, say.`);
  }
  return audience.flatMap(({ viewer, saidAt }) =>
    [...saidAt].map(([name, at]) => (viewer.seenAt.get(name) ?? at) - at),
  );
}

const missedBy = ({ url, seenAt }: Viewer, saidAt: Audience["saidAt"]) =>
  [...saidAt.keys()].filter((name) => !seenAt.has(name)).map((name) => `"${name}" by a viewer of ${url}`);
