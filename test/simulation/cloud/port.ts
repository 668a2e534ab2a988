// How does a part that is only memory become one that answers late, or not at all? Each of its methods becomes a call.
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { Call, lost, type Operation } from "./call.ts";
import { methodsOf } from "./sync.ts";

export type Args = readonly [unknown, unknown, unknown, unknown];

export interface PortSettings {
  /** The class of the part, and where a stage has it. */
  type: { prototype: object };
  part(stage: Stage): object & { lagMs: number };
  /** Of its first method; the others count on from there. */
  firstCode: number;
  /** Methods that read an index, which may lag. */
  lagging: readonly string[];
  /** Methods that answer `contended` when they are throttled or not answered, or when `isContended` says so. */
  contendable: readonly string[];
  isContended?(stage: Stage, activity: Activity, method: string, args: Args): boolean;
  /** Methods that throw when `isFailing` says so. */
  failing?: readonly string[];
  isFailing?(stage: Stage, args: Args): boolean;
  /** Whoever wants to see the effect of a method happen. */
  watch: Record<string, (stage: Stage, args: Args, act: () => unknown) => unknown>;
}

const longestLagMs = 5_000;

type Watch = PortSettings["watch"][string];

/** There are hundreds of thousands a second: what a call needs stands in it, and no closure is made for it. */
class MethodCall extends Call<unknown> {
  readonly port: Port;
  readonly args: Args;
  readonly watch: Watch | undefined;
  lagMs = 0;
  isContended = false;
  fails = false;

  constructor(port: Port, operation: Operation, watch: Watch | undefined, args: Args) {
    super(port.activity, operation);
    this.port = port;
    this.watch = watch;
    this.args = args;
  }

  effect(): unknown {
    return this.watch ? this.watch(this.port.stage, this.args, () => this.#act()) : this.#act();
  }

  #act(): unknown {
    if (this.fails && this.port.settings.isFailing?.(this.port.stage, this.args))
      throw lost(this.operation, "throttled");
    if (this.isContended) return { kind: "contended" };
    const part = this.port.settings.part(this.port.stage);
    part.lagMs = this.lagMs;
    const [a, b, c, d] = this.args;
    return (part as unknown as Record<string, (...args: unknown[]) => unknown>)[this.operation.name]?.(a, b, c, d);
  }
}

abstract class Port {
  readonly stage: Stage;
  readonly activity: Activity;
  abstract readonly settings: PortSettings;

  constructor(stage: Stage, activity: Activity) {
    this.stage = stage;
    this.activity = activity;
  }
}

/** Opens the part for one activity, with everything that can happen on the way to it. */
export function definePort<T>(settings: PortSettings): (stage: Stage, activity: Activity) => T {
  class ThisPort extends Port {
    get settings(): PortSettings {
      return settings;
    }
  }
  for (const [index, name] of methodsOf(settings.type).entries()) {
    const whenThrottled = settings.contendable.includes(name) ? { kind: "contended" } : undefined;
    const operation: Operation = {
      ...{ name, code: settings.firstCode + index },
      ...{ whenThrottled, answerWhenLost: whenThrottled },
    };
    const fails = settings.failing?.includes(name) ?? false;
    const lags = settings.lagging.includes(name);
    const watch = settings.watch[name];
    const method = function (this: Port, a: unknown, b: unknown, c: unknown, d: unknown) {
      const { stage, activity } = this;
      const call = new MethodCall(this, operation, watch, [a, b, c, d]);
      call.fails = fails;
      if (lags && stage.world.strikes(activity, "index_stale")) call.lagMs = activity.random.between(500, longestLagMs);
      if (whenThrottled) call.isContended = settings.isContended?.(stage, activity, name, call.args) ?? false;
      return call.begin();
    };
    Object.defineProperty(ThisPort.prototype, name, { value: method });
  }
  return (stage, activity) => new ThisPort(stage, activity) as unknown as T;
}
