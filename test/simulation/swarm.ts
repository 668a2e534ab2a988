// What is this schedule's appetite for trouble? Each seed draws which faults it has, how many, and which backstop is off.
import type { Limits } from "../../functions/core/slots.ts";
import { hashName, Random } from "./engine/random.ts";
import { callFaults, type FaultKind, faultKinds } from "./faults.ts";
import { chooseSituation, type Situation, settle } from "./situations.ts";

export interface Swarm {
  weights: Record<FaultKind, number>;
  /** Of all faults of a call together. */
  callTrouble: number;
  /** After this nothing goes wrong any more, so that everything must come to its end. */
  faultsEndMs: number;
  tasks: number;
  limits: Limits;
  maxQueueAgeMs: number;
  skewMs: number;
  parties: ReadonlySet<Party>;
  intakeReceives: number;
  /** Messages that a function is called with at once. */
  batchSize: number;
  reapers: 0 | 1 | 2;
  reapEveryMs: number;
  /** From then on one runs, whatever else. */
  reapersBackMs: number;
  /** From then on nothing is lost on the way to the cloud: what the reaper has to do, it does in its next round. */
  soundFromMs: number;
  launchLimitMs: number;
  /** How long a supervisor goes on that nobody answers. */
  patienceMs: number;
  /** So many launches ECS takes at once, and so many more a second. */
  launchBucket: { burst: number; perSecond: number };
  situation: Situation;
  /** By the number of the seed, so that those without one are as they were. */
  hasSchedule: boolean;
  /** Users ask by HTTP; likewise. */
  usesApi: boolean;
  /** Today's digest of the audit log is still to be written. */
  isDigestDue: boolean;
  operator: "none" | "stops" | "pauses" | "restarts" | "halts";
  /** Who do the same at about the same time. */
  operators: number;
  /** Nothing goes wrong at all and no reaper runs: each path must meet its bound without a backstop. */
  isCalm: boolean;
}

/** How likely a fault is at one opportunity, in a schedule that has it. */
const appetites: Record<FaultKind, number> = {
  request_lost: 0.03,
  answer_lost: 0.03,
  answer_slow: 0.05,
  sdk_repeated: 0.03,
  caller_froze: 0.01,
  throttled: 0.04,
  throttled_late: 0.03,
  older_version: 0.5,
  slots_contended: 0.9,
  task_unreadable: 0.6,
  caller_died: 0.02,
  index_stale: 0.3,
  message_dropped: 0.3,
  message_duplicated: 0.3,
  message_delayed: 0.3,
  launch_no_capacity: 0.3,
  launch_refused: 0.05,
  launch_stuck: 0.1,
  launch_failed: 0.2,
  // It has a situation of its own.
  launch_outage: 0,
  // By the bucket alone.
  launch_throttled: 0,
  // It has a situation of its own, too.
  api_outage: 0,
  launcher_died: 0.2,
  sandbox_missing: 0.3,
  stop_ignored: 0.3,
  stop_slow: 0.3,
  event_dropped: 0.3,
  event_duplicated: 0.3,
  event_delayed: 0.3,
  callback_lost: 0.1,
  callback_answer_lost: 0.1,
  supervisor_crashed: 0.2,
  supervisor_hung: 0.15,
  supervisor_froze: 0.25,
  supervisor_zombie: 0.25,
  token_of_another: 0.05,
  receiver_failed: 0.5,
  receiver_silent: 0.3,
  forge_failed: 0.9,
  forge_refused: 0.3,
  quota_exhausted: 0.3,
  remote_unknown: 0.5,
  push_answer_lost: 0.2,
  branch_taken: 0.05,
};

/** Who is there beside users and operators. */
const parties = ["subscriber", "intake", "stranger", "spoiler"] as const;
type Party = (typeof parties)[number];
const share: Record<Party, number> = { subscriber: 0.25, intake: 0.15, stranger: 0.08, spoiler: 0.05 };
const calmParties: ReadonlySet<Party> = new Set(["subscriber", "intake"]);

/** They change the whole schedule, so most have none of them. */
const rare: ReadonlySet<FaultKind> = new Set(["slots_contended", "older_version"]);

export function drawSwarm(seed: number): Swarm {
  const random = new Random(hashName(seed, "swarm"));
  const isCalm = random.next() < 0.2;
  const density = 0.25 + random.next() * 0.75;
  const weights = { ...appetites };
  for (const kind of faultKinds) {
    const has = random.next() < density * (rare.has(kind) ? 0.15 : 1);
    const weight = Math.min(1, appetites[kind] * (0.2 + random.next()));
    weights[kind] = has && (!isCalm || kind === "launch_no_capacity") ? weight : 0;
  }
  const backstop = random.next();
  const faultsEndMs = isCalm ? 600_000 : random.between(150, 220) * 1000;
  const swarm: Swarm = {
    weights,
    callTrouble: callFaults.reduce((sum, kind) => sum + weights[kind], 0),
    faultsEndMs,
    tasks: random.next() < 0.7 ? 3 : random.between(4, 5),
    limits: drawLimits(random, isCalm),
    operator: operators[random.between(0, operators.length - 1)] ?? "none",
    operators: random.between(1, 2),
    // Longer than any schedule, or so short that it is felt.
    maxQueueAgeMs: isCalm || random.next() < 0.7 ? 36_000_000 : 120_000,
    skewMs: isCalm || random.next() < 0.5 ? 0 : random.between(500, 5_000),
    parties: new Set(parties.filter((party) => random.next() < share[party] && (!isCalm || calmParties.has(party)))),
    // One or two, so that some are given up, or as many as in production.
    intakeReceives: random.next() < 0.5 ? random.between(1, 2) : 200,
    batchSize: random.between(1, 3),
    reapers: isCalm || backstop < 0.15 ? 0 : backstop < 0.33 ? 2 : 1,
    reapEveryMs: random.between(120, 180) * 1000,
    reapersBackMs: faultsEndMs,
    soundFromMs: faultsEndMs,
    // Usual, or so long that the reaper must find by itself what never came up.
    launchLimitMs: isCalm || random.next() < 0.8 ? 180_000 : 1_200_000,
    patienceMs: 90_000,
    // Those of AWS.
    launchBucket: { burst: 100, perSecond: 20 },
    situation: "usual",
    hasSchedule: !isCalm && seed % 11 === 5,
    usesApi: seed % 12 === 8,
    isDigestDue: random.next() < 0.2,
    isCalm,
  };
  return settle(swarm, chooseSituation(seed));
}

const operators = ["none", "none", "none", "stops", "stops", "pauses", "restarts"] as const;

/** A task that a limit of its own holds back is let go by the reaper, so a calm schedule has none. */
function drawLimits(random: Random, isCalm: boolean): Limits {
  const maybe = (low: number) => (random.next() < 0.3 ? random.between(low, 3) : undefined);
  const [workspace, backend, repository] = [maybe(1), maybe(2), maybe(1)];
  return {
    global: random.between(1, 5),
    ...(workspace && !isCalm ? { workspace } : {}),
    ...(backend && !isCalm ? { backend } : {}),
    ...(repository && !isCalm ? { repository } : {}),
  };
}
