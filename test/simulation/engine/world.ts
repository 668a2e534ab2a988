// How does virtual time pass? The next planned thing happens; then everybody runs until all stand still again.
import type { FaultKind } from "../faults.ts";
import type { Swarm } from "../swarm.ts";
import { Activity } from "./activity.ts";
import { Heap, type Planned } from "./heap.ts";
import { hashName } from "./random.ts";

export interface FiredFault {
  /** Whose it was, and the how manieth of its draws: together they name this one decision. */
  who: string;
  draw: number;
  kind: FaultKind;
  at: number;
}

export const nameFault = ({ who, draw }: Pick<FiredFault, "who" | "draw">) => `${who}:${draw}`;

export class Violation extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface WorldOptions {
  leftOut?: ReadonlySet<string>;
  timeline?: boolean;
  /** Codes of violations that are on the list of known ones. */
  known?: ReadonlySet<string>;
}

/** More than any chain of awaits between two calls of a flow has. */
const turnsOfPart = 40;
const settled = Promise.resolve();
const startOfTimeMs = 1_800_000_000_000;

export class World {
  readonly seed: number;
  readonly swarm: Swarm;
  /** Faults that are left out, by their ids: how a failure is shrunk. */
  readonly leftOut: ReadonlySet<string>;
  /** Virtual milliseconds since the schedule began. */
  now = 0;
  steps = 0;
  isOver = false;
  violation: Violation | undefined;
  /** Violations that are known and not mended yet; they do not end the schedule. */
  readonly known = new Set<string>();
  readonly faults: FiredFault[] = [];
  /** Undefined unless somebody wants to read it: text costs more than the schedule. */
  readonly timeline: string[] | undefined;
  readonly #isKnown: (code: string) => boolean;
  readonly #heap = new Heap();
  readonly #kinds = new Map<string, { hash: number; begun: number }>();
  #order = 0;
  /** How many activities are between two awaits. */
  #busy = 0;
  #turnsLeft = 0;
  #isTurnPlanned = false;
  #untilMs = 0;
  #end: { resolve(): void; reject(error: unknown): void } | undefined;
  #traceLow: number;
  #traceHigh = 0;

  constructor(seed: number, swarm: Swarm, options: WorldOptions) {
    this.seed = hashName(seed, "schedule");
    this.swarm = swarm;
    this.leftOut = options.leftOut ?? new Set();
    this.#isKnown = (code) => options.known?.has(code) ?? false;
    this.timeline = options.timeline ? [] : undefined;
    this.#traceLow = this.seed;
  }

  /** Epoch milliseconds: what a perfect clock would show. */
  get trueTime(): number {
    return startOfTimeMs + this.now;
  }

  get faultsAreOn(): boolean {
    return this.now < this.swarm.faultsEndMs;
  }

  /** Whoever does not wait for it any more makes it void. */
  plan(at: number, code: number, run: () => void): Planned {
    const item = { at, order: 0, code, isVoid: false, run };
    this.planItem(item);
    return item;
  }

  planItem(item: Planned): void {
    this.#order += 1;
    item.order = this.#order;
    this.#heap.push(item);
  }

  begin(name: string): Activity {
    let kind = this.#kinds.get(name);
    if (!kind) {
      kind = { hash: hashName(this.seed, name), begun: 0 };
      this.#kinds.set(name, kind);
    }
    kind.begun += 1;
    return new Activity(this, name, kind.begun, kind.hash);
  }

  /** Does this fault strike now? Weighs the schedule's own appetite for it, and keeps record. */
  strikes(activity: Activity, kind: FaultKind): boolean {
    if (!this.faultsAreOn) return false;
    const weight = this.swarm.weights[kind];
    if (weight === 0) return false;
    return activity.random.next() < weight && this.fire(activity, kind);
  }

  /** Records a fault that was drawn, unless it is left out. */
  fire(activity: Activity, kind: FaultKind): boolean {
    const fault: FiredFault = { who: activity.name, draw: activity.random.draws, kind, at: this.now };
    if (this.leftOut.size > 0 && this.leftOut.has(nameFault(fault))) return false;
    this.faults.push(fault);
    if (this.timeline) this.say(activity.name, `FAULT ${kind}`);
    return true;
  }

  say(who: string, what: string): void {
    this.timeline?.push(`${(this.now / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(28)} ${what}`);
  }

  /** The first violation ends the schedule. */
  fail(code: string, message: string): void {
    if (this.violation) return;
    this.say("INVARIANT", `${code}: ${message}`);
    if (this.#isKnown(code)) {
      this.known.add(code);
      return;
    }
    this.violation = new Violation(code, message);
  }

  mix(value: number): void {
    this.#traceLow = Math.imul(this.#traceLow ^ value, 0x01000193) | 0;
    this.#traceHigh = (Math.imul(this.#traceHigh, 31) + this.#traceLow) | 0;
  }

  /** Names the whole course of the schedule: two runs with the same id did the same at the same times. */
  get traceId(): string {
    return [this.#traceHigh, this.#traceLow].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  activityRuns(): void {
    this.#busy += 1;
  }

  activityStands(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#planTurn();
  }

  /** One of several calls that an activity waits for is answered: what follows it takes some turns, and nobody is busy. */
  partOfActivityRuns(): void {
    this.#turnsLeft = turnsOfPart;
    this.#planTurn();
  }

  /** Everything is over before the event loop comes to its next turn: there is no timer in this world. */
  async run(untilMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#untilMs = untilMs;
    this.#end = { resolve, reject };
    const isLate = setImmediate(() => reject(new Error("an activity waits for something that is not of this world")));
    this.#planTurn();
    await promise.finally(() => clearImmediate(isLate));
  }

  /** Behind whatever is to run in this moment. */
  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    void settled.then(this.#takeTurn);
  }

  readonly #takeTurn = (): void => {
    this.#isTurnPlanned = false;
    // Whoever runs plans the next turn when it stands still.
    if (this.#busy > 0) return;
    if (this.#turnsLeft > 0) {
      this.#turnsLeft -= 1;
      this.#planTurn();
    } else this.#goOn();
  };

  /** One thing after another happens, as long as nobody has to run in between. */
  #goOn(): void {
    try {
      while (this.#busy === 0 && !this.#isTurnPlanned) {
        const next = this.isOver || this.violation ? undefined : this.#heap.pop();
        if (!next || next.at > this.#untilMs) {
          this.#end?.resolve();
          return;
        }
        if (next.isVoid) continue;
        this.now = next.at;
        this.steps += 1;
        this.mix(next.at);
        this.mix(next.code);
        next.run();
      }
    } catch (error) {
      this.#end?.reject(error);
    }
  }
}
