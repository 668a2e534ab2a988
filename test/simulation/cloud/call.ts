// What can happen to one call from a function to the cloud? It arrives or not, its answer too, and its caller may die.
import type { Activity } from "../engine/activity.ts";
import type { Planned } from "../engine/heap.ts";
import type { World } from "../engine/world.ts";
import { type CallFault, callFaults } from "../faults.ts";

/** A call whose fate is not known to its caller: the SDK gave up after its own retries, and its errors say so. */
class CallLost extends Error {
  readonly $metadata = {};
}

const usualMs = 40;
const timeoutMs = 6_000;
/** A function's environment may stand still between two of its steps, up to its own time limit. */
const longestFreezeMs = 120_000;

export interface Operation {
  name: string;
  code: number;
  /** What a throttled call answers; it throws where this is absent. */
  whenThrottled?: unknown;
  /** It is not the SDK that makes it, so nobody repeats it. */
  isOnce?: boolean;
  /** What its caller is told when it has no answer, where that is not just an error. */
  whenLost?: (message: string) => Error;
  /** Or an answer that says so. */
  answerWhenLost?: unknown;
  /** How long it takes to arrive at most, where that is longer than for others. */
  longestMs?: number;
}

/** One call. The effect is one atomic step at its arrival; everything else happens around it. */
export abstract class Call<T> implements Planned {
  at = 0;
  order = 0;
  readonly code: number;
  readonly activity: Activity;
  readonly operation: Operation;
  readonly answer = Promise.withResolvers<T>();

  constructor(activity: Activity, operation: Operation) {
    this.activity = activity;
    this.operation = operation;
    this.code = operation.code;
  }

  abstract effect(): T;

  get isVoid(): boolean {
    return this.activity.isDead;
  }

  begin(): Promise<T> {
    const { activity } = this;
    const { world, random } = activity;
    const drawn = drawFault(world, activity);
    const isOfSdk = drawn === "sdk_repeated" || drawn === "throttled_late";
    const fault = isOfSdk && this.operation.isOnce ? "answer_slow" : drawn;
    this.at = world.now + random.between(2, this.operation.longestMs ?? usualMs);
    activity.wait();
    if (fault) suffer(this, fault);
    else world.planItem(this);
    return this.answer.promise;
  }

  /** It arrives and is answered at once, unless whoever asked has died before. */
  run(): void {
    if (!this.activity.goOn()) return;
    try {
      this.answer.resolve(perform(this));
    } catch (error) {
      this.answer.reject(error);
    }
  }
}

class PlainCall<T> extends Call<T> {
  readonly #effect: () => T;

  constructor(activity: Activity, operation: Operation, effect: () => T) {
    super(activity, operation);
    this.#effect = effect;
  }

  effect(): T {
    return this.#effect();
  }
}

export const callCloud = <T>(activity: Activity, operation: Operation, effect: () => T): Promise<T> =>
  new PlainCall(activity, operation, effect).begin();

function suffer<T>(call: Call<T>, fault: CallFault): void {
  const { activity, code, at } = call;
  const { world, random } = activity;
  switch (fault) {
    case "request_lost":
      world.plan(at + timeoutMs, code, () => tell(call, lose(call)));
      return;
    case "throttled":
      world.plan(at + 500, code, () => tell(call, throttle(call)));
      return;
    case "throttled_late":
      world.plan(at, code, () => {
        attempt(call);
        world.plan(world.now + 1_500, code, () => tell(call, lose(call)));
      });
      return;
    case "caller_died":
      // Half of the time with the request on its way: nobody will learn what became of it.
      if (random.next() < 0.5) world.plan(at, code, () => void attempt(call));
      activity.die();
      return;
    case "sdk_repeated":
      // The first answer was lost on its way to the SDK, which asks again with the same tokens.
      world.plan(at, code, () => {
        attempt(call);
        call.at = world.now + 1_000;
        world.planItem(call);
      });
      return;
    case "answer_lost":
    case "caller_froze":
    case "answer_slow":
      world.plan(at, code, () => {
        const outcome = attempt(call);
        const longestMs = fault === "caller_froze" ? longestFreezeMs : timeoutMs;
        const delayMs = fault === "answer_lost" ? timeoutMs : random.between(500, longestMs);
        world.plan(world.now + delayMs, code, () => tell(call, fault === "answer_lost" ? lose(call) : outcome));
      });
  }
}

/** What its caller will be told. To throw it in between would cost more than the call. */
type Outcome<T> = { value: T } | { error: unknown };

function tell<T>({ activity, answer }: Call<T>, outcome: Outcome<T>): void {
  if (!activity.goOn()) return;
  if ("error" in outcome) answer.reject(outcome.error);
  else answer.resolve(outcome.value);
}

/** One number decides over all of them, so that a call without a fault costs one draw. */
function drawFault(world: World, activity: Activity): CallFault | undefined {
  if (world.swarm.isCalm || !world.faultsAreOn) return undefined;
  let drawn = activity.random.next();
  if (drawn >= world.swarm.callTrouble) return undefined;
  for (const kind of callFaults) {
    drawn -= world.swarm.weights[kind];
    if (drawn < 0) return world.fire(activity, kind) ? kind : undefined;
  }
  return undefined;
}

function perform<T>(call: Call<T>): T {
  const value = call.effect();
  const { activity, operation } = call;
  if (activity.world.timeline) activity.world.say(activity.name, `${operation.name} → ${show(value)}`);
  return value;
}

function attempt<T>(call: Call<T>): Outcome<T> {
  try {
    return { value: perform(call) };
  } catch (error) {
    return { error };
  }
}

function lose<T>({ operation }: Call<T>): Outcome<T> {
  if (operation.answerWhenLost !== undefined) return { value: operation.answerWhenLost as T };
  return { error: lost(operation, "no answer") };
}

function throttle<T>({ operation }: Call<T>): Outcome<T> {
  if (operation.whenThrottled !== undefined) return { value: operation.whenThrottled as T };
  return { error: lost(operation, "throttled") };
}

export function lost({ name, whenLost }: Operation, why: string): Error {
  const message = `${name}: ${why}`;
  return whenLost?.(message) ?? new CallLost(message);
}

/** Short enough for one line. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "done";
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
