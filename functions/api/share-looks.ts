// How do many viewers of one fleet cost the table hardly more than one? Whoever looks right after another sees what that one saw.
import type { AuditEvent, FeedPosition } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";

export interface Look {
  /** Oldest first. */
  pages: AsyncIterable<AuditEvent[]> | Iterable<AuditEvent[]>;
  /** Of what has happened since, nothing is in it. */
  at: number;
}

export interface LookSettings {
  pageSize: number;
  /** How far back each look of a viewer begins who is up to date. */
  overlapMs: number;
  /** For so long a look is everybody's. */
  sharedMs: number;
}

/** A shared look begins so much earlier: a viewer is up to date also when the look before was some time ago. */
const marginMs = 2_000;

type Reach = Pick<Cloud, "table" | "clock">;

/** For one process: on AWS each viewer has one of its own, and shares with nobody. */
export function shareLooks({ pageSize, overlapMs, sharedMs }: LookSettings) {
  const shared = new Map<string, { at: number; events: Promise<AuditEvent[]> }>();

  function lookTogether({ table }: Reach, workspace: string, from: number, now: number) {
    for (const [name, { at }] of shared) if (now - at >= sharedMs) shared.delete(name);
    const known = shared.get(workspace);
    if (known) return known;
    const begun = { at: now, events: table.listFeed(workspace, { at: from }, now, pageSize) };
    shared.set(workspace, begun);
    // Whoever looks next does not get an error that may be over.
    begun.events.catch(() => shared.delete(workspace));
    return begun;
  }

  /** To its end: what the index shows late lies before what it has shown, so the next look begins no later for this one. */
  async function* readPages({ table }: Reach, workspace: string, from: number, at: number) {
    let last: FeedPosition | undefined = { at: from };
    while (last) {
      const events: AuditEvent[] = await table.listFeed(workspace, last, at, pageSize);
      yield events;
      last = events.length < pageSize ? undefined : events.at(-1);
    }
  }

  /** What has happened in a workspace since `from`. */
  return async (cloud: Reach, workspace: string, from: number): Promise<Look> => {
    const now = cloud.clock.now();
    const sharedFrom = now - overlapMs - marginMs;
    if (from >= sharedFrom) {
      const { at, events } = lookTogether(cloud, workspace, sharedFrom, now);
      const seen = await events;
      if (seen.length < pageSize) return { at, pages: [seen.filter((event) => event.at >= from)] };
    }
    // Whoever is far behind, or in a crowd of events, looks from where it is by itself.
    return { at: now, pages: readPages(cloud, workspace, from, now) };
  };
}
