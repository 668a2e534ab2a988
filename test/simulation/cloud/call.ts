// What can happen to one call from a function to the cloud? It arrives or not, its answer too, and its caller may die.
import type { Activity } from "../engine/activity.ts";
import type { World } from "../engine/world.ts";
import type { FaultKind } from "../faults.ts";

/** A call whose fate is not known to its caller: the SDK gave up after its own retries. */
export class CallLost extends Error {}

const callFaults = [
  "request_lost",
  "answer_lost",
  "answer_slow",
  "sdk_repeated",
  "caller_froze",
  "throttled",
  "caller_died",
] as const;
type CallFault = (typeof callFaults)[number];

const usualMs = 40;
const timeoutMs = 6_000;
/** A function's environment may stand still between two of its steps, up to its own time limit. */
const longestFreezeMs = 120_000;

export interface Operation {
  name: string;
  code: number;
  /** What a throttled call answers; it throws where this is absent. */
  whenThrottled?: unknown;
  /** How long it takes to arrive at most, where that is longer than for others. */
  longestMs?: number;
}

/** One call. The effect is one atomic step at its arrival; everything else happens around it. */
export function callCloud<T>(world: World, activity: Activity, operation: Operation, effect: () => T): Promise<T> {
  const { promise, resume } = activity.park<T>();
  const fault = drawFault(world, activity);
  const arrivesAt = world.now + activity.random.between(2, operation.longestMs ?? usualMs);
  const answer = () => {
    if (activity.isDead) return;
    resume(() => perform(world, activity, operation, effect));
  };
  if (!fault) {
    world.plan(arrivesAt, operation.code, answer);
    return promise;
  }
  switch (fault) {
    case "request_lost":
      world.plan(arrivesAt + timeoutMs, operation.code, () => resume(() => lose(operation)));
      return promise;
    case "throttled":
      world.plan(arrivesAt + 500, operation.code, () => resume(() => throttle<T>(operation)));
      return promise;
    case "caller_died":
      // Half of the time with the request on its way: nobody will learn what became of it.
      if (activity.random.next() < 0.5) {
        world.plan(arrivesAt, operation.code, () => void perform(world, activity, operation, effect));
      }
      activity.die();
      return promise;
    case "sdk_repeated":
      // The first answer was lost on its way to the SDK, which asks again with the same tokens.
      world.plan(arrivesAt, operation.code, () => {
        attempt(() => perform(world, activity, operation, effect));
        world.plan(world.now + 1_000, operation.code, answer);
      });
      return promise;
    case "answer_lost":
    case "caller_froze":
    case "answer_slow":
      world.plan(arrivesAt, operation.code, () => {
        const outcome = attempt(() => perform(world, activity, operation, effect));
        const longestMs = fault === "caller_froze" ? longestFreezeMs : timeoutMs;
        const delayMs = fault === "answer_lost" ? timeoutMs : activity.random.between(500, longestMs);
        world.plan(world.now + delayMs, operation.code, () =>
          resume(() => (fault === "answer_lost" ? lose(operation) : outcome())),
        );
      });
      return promise;
  }
}

/** One number decides over all five, so that a call without a fault costs one draw. */
function drawFault(world: World, activity: Activity): CallFault | undefined {
  if (world.swarm.isCalm || !world.faultsAreOn) return undefined;
  let drawn = activity.random.next();
  for (const kind of callFaults) {
    drawn -= world.swarm.weights[kind satisfies FaultKind];
    if (drawn < 0) return world.fire(activity, kind) ? kind : undefined;
  }
  return undefined;
}

function perform<T>(world: World, activity: Activity, operation: Operation, effect: () => T): T {
  const value = effect();
  if (world.timeline) world.say(activity.name, `${operation.name} → ${show(value)}`);
  return value;
}

function attempt<T>(act: () => T): () => T {
  try {
    const value = act();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function lose(operation: Operation): never {
  throw new CallLost(`${operation.name}: no answer`);
}

function throttle<T>(operation: Operation): T {
  if (operation.whenThrottled !== undefined) return operation.whenThrottled as T;
  throw new CallLost(`${operation.name}: throttled`);
}

/** Short enough for one line. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "done";
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
