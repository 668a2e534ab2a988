// What is so rare, or so costly to play, that only a few schedules have it?
import type { FaultKind } from "./faults.ts";
import type { Swarm } from "./swarm.ts";

export type Situation =
  | "usual"
  /** No sandbox can be launched for twelve hours; then everything works again. */
  | "outage"
  /** One workspace has many more tasks than there are slots, and another comes with a few. */
  | "crowd"
  /** One that has not begun is stopped, its kills are left to the reaper, and another workspace comes with a few. */
  | "halted"
  /** More tasks of one workspace than are looked at together fall due at one moment, and a few of another. */
  | "rush"
  /** The reaper is dead for an hour. */
  | "no_reaper"
  /** Many transactions meet at the slots, and launches come to nothing; the rest of the cloud is well. */
  | "contended"
  /** Supervisors stand still for so long that another attempt is at work when they come back; stops are ignored. */
  | "returns"
  /** Launchers die of what they start, ECS shows it late, and it never says a word: only a list tells that it is there. */
  | "strays"
  /** The API answers nobody for some minutes, and the reaper goes on. */
  | "deaf"
  /** No remote says for more than a day what stands on it. */
  | "mute";

/** When they do, by the world's clock. */
export const rushAtMs = 130_000;

/** When that is. */
export const deafness = { fromMs: 60_000, untilMs: 360_000 } as const;

/** How an outage shows, each time anew. */
export const outages = ["no_room", "unreachable", "silent", "start_fails"] as const;

const hourMs = 60 * 60_000;
const outageMs = 12 * hourMs;
const muteMs = 30 * hourMs;
/** By the number of the seed, so that a run of a thousand has each of them: an outage takes as long as forty others. */
const oneIn = {
  outage: 2_400,
  crowd: 180,
  halted: 180,
  rush: 700,
  no_reaper: 80,
  contended: 100,
  returns: 80,
  strays: 100,
  deaf: 100,
  mute: 100,
} as const;

export function chooseSituation(seed: number): Situation {
  if (seed % oneIn.outage === 13) return "outage";
  if (seed % oneIn.crowd === 7) return "crowd";
  if (seed % oneIn.halted === 110) return "halted";
  if (seed % oneIn.rush === 350) return "rush";
  if (seed % oneIn.contended === 21) return "contended";
  if (seed % oneIn.returns === 31) return "returns";
  if (seed % oneIn.strays === 43) return "strays";
  if (seed % oneIn.deaf === 61) return "deaf";
  if (seed % oneIn.mute === 87) return "mute";
  return seed % oneIn.no_reaper === 3 ? "no_reaper" : "usual";
}

/** The same schedule in that situation. */
export function settle(swarm: Swarm, situation: Situation): Swarm {
  const without = (kinds: Partial<Record<FaultKind, number>>): Swarm["weights"] => {
    const none = Object.fromEntries(Object.keys(swarm.weights).map((kind) => [kind, 0]));
    return { ...none, ...kinds } as Swarm["weights"];
  };
  switch (situation) {
    case "usual":
      return swarm;
    case "outage":
      // Nothing else goes wrong, so that what is counted comes from the outage.
      return {
        ...swarm,
        ...{ situation, weights: without({ launch_outage: 1 }), callTrouble: 0, faultsEndMs: outageMs },
        ...{ isCalm: false, skewMs: 0, operator: "none", parties: new Set(), reapers: 1 },
        ...{ maxQueueAgeMs: 48 * hourMs, limits: { global: 5 }, launchLimitMs: 300_000, soundFromMs: 0 },
      };
    case "crowd":
      return {
        ...swarm,
        ...{ situation, weights: without({}), callTrouble: 0, faultsEndMs: 600_000, isCalm: false, skewMs: 0 },
        ...{ operator: "none", parties: new Set(), reapers: 1, soundFromMs: 0, maxQueueAgeMs: 48 * hourMs },
        ...crowdOut(swarm),
        tasks: 24,
      };
    case "halted":
      return {
        ...swarm,
        ...{ situation, weights: without({}), callTrouble: 0, faultsEndMs: 300_000, isCalm: false, skewMs: 0 },
        ...{ operator: "halts", operators: 1, parties: new Set(), reapers: 1, soundFromMs: 0 },
        ...{ maxQueueAgeMs: 48 * hourMs, limits: { global: 8 }, tasks: 24 },
      };
    case "rush":
      return {
        ...swarm,
        ...{ situation, weights: without({}), callTrouble: 0, faultsEndMs: 300_000, isCalm: false, skewMs: 0 },
        ...{ operator: "none", parties: new Set(), reapers: 1, soundFromMs: 0, maxQueueAgeMs: 48 * hourMs },
        ...{ limits: { global: 6 }, tasks: 70 },
      };
    case "no_reaper":
      return {
        ...swarm,
        ...{ situation, isCalm: false, reapers: 0, reapersBackMs: hourMs, soundFromMs: hourMs },
        maxQueueAgeMs: 48 * hourMs,
      };
    case "returns":
      return {
        ...swarm,
        ...{ situation, weights: without({ supervisor_froze: 0.6, supervisor_zombie: 0.5, stop_ignored: 0.9 }) },
        ...{ callTrouble: 0, isCalm: false, skewMs: 0, reapers: 1, operator: "none", limits: { global: 5 } },
        ...{ faultsEndMs: 1_800_000, soundFromMs: 1_800_000, maxQueueAgeMs: 48 * hourMs },
      };
    case "strays":
      return {
        ...swarm,
        ...{ situation, weights: without({ launcher_died: 0.9, sandbox_missing: 1, launch_stuck: 0.7 }) },
        ...{ callTrouble: 0, isCalm: false, skewMs: 0, reapers: 1, operator: "none", parties: new Set() },
        ...{ limits: { global: 5 }, faultsEndMs: 600_000, soundFromMs: 0, maxQueueAgeMs: 48 * hourMs },
      };
    case "deaf":
      return {
        ...swarm,
        ...{ situation, weights: without({ api_outage: 1 }), callTrouble: 0, isCalm: false, skewMs: 0, reapers: 1 },
        ...{ operator: "none", parties: new Set(), limits: { global: 5 }, faultsEndMs: 900_000, soundFromMs: 0 },
        // As in production: it comes more than once in a lease, and a supervisor waits for much longer than one.
        ...{ reapEveryMs: 60_000, patienceMs: 900_000, maxQueueAgeMs: 48 * hourMs },
      };
    case "mute":
      return {
        ...swarm,
        ...{ situation, weights: without({ remote_unknown: 1, supervisor_crashed: 0.6, push_answer_lost: 0.5 }) },
        ...{ callTrouble: 0, isCalm: false, skewMs: 0, reapers: 1, operator: "none", limits: { global: 5 } },
        // It comes rarely: what is watched here takes a day.
        ...{ faultsEndMs: muteMs, soundFromMs: 0, reapEveryMs: hourMs / 2, maxQueueAgeMs: 48 * hourMs },
        parties: new Set(["subscriber"]),
      };
    case "contended":
      return {
        ...swarm,
        ...{ situation, callTrouble: 0, isCalm: false, skewMs: 0, reapers: 1, soundFromMs: 0 },
        weights: without({ slots_contended: 0.9, launcher_died: 0.5, sandbox_missing: 0.7, launch_stuck: 0.5 }),
      };
  }
}

/** Too many for the slots, for those of one backend or repository, or, at once, for a smaller account than AWS gives. */
function crowdOut({ tasks, operators, batchSize }: Swarm): Partial<Swarm> {
  if (tasks % 2 === 0) return { limits: { global: 6 } };
  if (operators === 1) return { limits: { global: 24 }, launchBucket: { burst: 4, perSecond: 1 } };
  return { limits: batchSize === 1 ? { global: 24, repository: 4 } : { global: 24, backend: 4 } };
}
