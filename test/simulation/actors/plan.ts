// What will this sandbox do? Drawn when it starts: how long it works, how it ends, and what goes wrong with it.
import type { Failure } from "../../../functions/core/task.ts";
import type { Activity } from "../engine/activity.ts";
import type { Random } from "../engine/random.ts";
import type { World } from "../engine/world.ts";

export type Moment = "start" | "work_done" | "permit" | "push" | "complete";
const moments: readonly Moment[] = ["start", "work_done", "permit", "push", "complete"];

/** Its work is sent back: it was judged bad, or the base branch has moved in a way that conflicts with it. */
export type Setback =
  | { kind: "rejected"; when: "running" | "verifying" }
  | { kind: "conflicted"; when: "running" | "verifying" | "publishing" };

export interface Plan {
  workMs: number;
  /** One after another, each in a round of its own. */
  setbacks: Setback[];
  ends: { kind: "changes" } | { kind: "no_changes" } | { kind: "fails"; failure: Failure };
  crashAt: Moment | undefined;
  hangAt: Moment | undefined;
  /** The whole sandbox stands still for a while (suspended, or cut off), then goes on as if nothing had been. */
  freezeAt: Moment | undefined;
  freezeMs: number;
  /** Goes on after it was told to stop. A permit is still a permit to it: it never pushes without one. */
  isZombie: boolean;
}

export function drawPlan(world: World, me: Activity): Plan {
  const { random } = me;
  const at = (strikes: boolean) => (strikes ? moments[random.between(0, moments.length - 1)] : undefined);
  return {
    workMs: drawWork(world, me),
    setbacks: random.next() < 0.15 ? drawSetbacks(random) : [],
    ends: drawEnd(world, random.next(), random.next()),
    crashAt: at(world.strikes(me, "supervisor_crashed")),
    hangAt: at(world.strikes(me, "supervisor_hung")),
    freezeAt: at(world.strikes(me, "supervisor_froze")),
    freezeMs: world.swarm.situation === "returns" ? random.between(400_000, 900_000) : random.between(30_000, 300_000),
    isZombie: world.strikes(me, "supervisor_zombie"),
  };
}

/** Now and then one works for longer than everything else takes, so that whoever should stop it is seen to. */
function drawWork({ swarm }: World, { random }: Activity): number {
  if (swarm.isCalm) return random.between(1_000, 20_000);
  if (swarm.situation === "deaf") return random.between(30_000, 600_000);
  const longShare = swarm.operator !== "stops" ? 0.03 : swarm.weights.task_unreadable > 0 ? 0.4 : 0.15;
  return random.next() < longShare ? random.between(350_000, 700_000) : random.between(1_000, 60_000);
}

const setbacks: readonly Setback[] = [
  { kind: "rejected", when: "running" },
  { kind: "rejected", when: "verifying" },
  { kind: "conflicted", when: "running" },
  { kind: "conflicted", when: "verifying" },
  { kind: "conflicted", when: "publishing" },
];

function drawSetbacks(random: Random): Setback[] {
  return Array.from(
    { length: random.between(1, 2) },
    () => setbacks[random.between(0, setbacks.length - 1)] as Setback,
  );
}

function drawEnd(world: World, chance: number, which: number): Plan["ends"] {
  // An earlier attempt may have pushed all the same: the only way to complete and owe an outcome.
  const changesShare = world.swarm.situation === "mute" ? 0.4 : 0.65;
  if (chance < changesShare) return { kind: "changes" };
  if (chance < 0.8) return { kind: "no_changes" };
  const classes = world.swarm.isCalm
    ? (["agent_error", "timeout", "poison"] as const)
    : (["agent_error", "timeout", "poison", "infrastructure", "infrastructure"] as const);
  return {
    kind: "fails",
    failure: { class: classes[Math.floor(which * classes.length)] ?? "poison", message: "it did not work" },
  };
}
