// How do many viewers of one fleet cost the table hardly more than one? Whoever looks right after another sees what that one saw.
import type { AuditEvent } from "../core/audit.ts";
import type { Cloud } from "../core/cloud.ts";

export interface Look {
  events: AuditEvent[];
  /** Of what has happened since, nothing is in it. */
  at: number;
  /** Behind its last event there may be more. */
  isFull: boolean;
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
  const shared = new Map<string, { at: number; look: Promise<Look> }>();

  async function look({ table }: Reach, workspace: string, from: number, at: number): Promise<Look> {
    const events = await table.listFeed(workspace, from, at, pageSize);
    return { events, at, isFull: events.length === pageSize };
  }

  function lookTogether(cloud: Reach, workspace: string, from: number, now: number): Promise<Look> {
    for (const [name, { at }] of shared) if (now - at >= sharedMs) shared.delete(name);
    const known = shared.get(workspace);
    if (known) return known.look;
    const begun = { at: now, look: look(cloud, workspace, from, now) };
    shared.set(workspace, begun);
    // Whoever looks next does not get an error that may be over.
    begun.look.catch(() => shared.delete(workspace));
    return begun.look;
  }

  /** What has happened in a workspace since `from`. */
  return async (cloud: Reach, workspace: string, from: number): Promise<Look> => {
    const now = cloud.clock.now();
    const sharedFrom = now - overlapMs - marginMs;
    if (from >= sharedFrom) {
      const seen = await lookTogether(cloud, workspace, sharedFrom, now);
      if (!seen.isFull) return { ...seen, events: seen.events.filter(({ at }) => at >= from) };
    }
    // Whoever is far behind, or in a crowd of events, goes on from where it is by itself.
    return look(cloud, workspace, from, now);
  };
}
