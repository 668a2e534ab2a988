// Who is doing something? One run of one function, or one process of a sandbox; it can die at any of its awaits.
import type { Planned } from "./heap.ts";
import { hashNumber, Random } from "./random.ts";
import type { World } from "./world.ts";

export class Activity {
  /** What it does, and the how manieth it is that does so. */
  readonly kind: string;
  readonly number: number;
  readonly random: Random;
  /** How far the clock of the machine that it runs on is from the true time. */
  readonly skewMs: number;
  readonly world: World;
  /** Calls that it waits for. */
  #outstanding = 0;
  #busy = false;
  isDead = false;
  /** Told once, when it dies; not when it ends. */
  onDeath: (() => void) | undefined;

  /** `hash` is that of its kind. */
  constructor(world: World, kind: string, number: number, hash: number) {
    this.world = world;
    this.kind = kind;
    this.number = number;
    this.random = new Random(hashNumber(hash, number));
    const range = world.swarm.skewMs;
    this.skewMs = range === 0 ? 0 : this.random.between(-range, range);
  }

  /** Made when somebody asks: nobody does of most. */
  get name(): string {
    return `${this.kind}#${this.number}`;
  }

  /** Runs `body` as this activity. Its end, or what it threw, is told to `settle`, unless it died before. */
  run<T>(body: () => Promise<T>, settle: (outcome: { value: T } | { error: unknown }) => void): void {
    this.#setBusy(true);
    body().then(
      (value) => this.#settle(() => settle({ value })),
      (error: unknown) => this.#settle(() => settle({ error })),
    );
  }

  /** From now on it waits for one call more, and stands still unless another part of it runs. */
  wait(): void {
    this.#outstanding += 1;
    this.#setBusy(false);
  }

  /** One of the calls that it waits for is answered. False when it is dead: then nothing may be told to it. */
  goOn(): boolean {
    if (this.isDead) return false;
    this.#outstanding -= 1;
    if (this.#outstanding === 0) this.#setBusy(true);
    else this.world.partOfActivityRuns();
    return true;
  }

  /** A promise that `resume` settles later. Until then this activity stands still. */
  park<T>(): { promise: Promise<T>; resume(value: T): void } {
    const { promise, resolve } = Promise.withResolvers<T>();
    this.wait();
    const resume = (value: T) => {
      if (this.goOn()) resolve(value);
    };
    return { promise, resume };
  }

  sleep(ms: number): Promise<void> {
    const sleep = new Sleep(this, this.world.now + Math.max(0, ms));
    this.wait();
    this.world.planItem(sleep);
    return sleep.over.promise;
  }

  /** From here on nothing resumes it: what it has asked for may still take effect. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#setBusy(false);
    this.onDeath?.();
  }

  #settle(tell: () => void): void {
    if (this.isDead) return;
    this.isDead = true;
    this.#setBusy(false);
    tell();
  }

  #setBusy(busy: boolean): void {
    if (this.#busy === busy) return;
    this.#busy = busy;
    if (busy) this.world.activityRuns();
    else this.world.activityStands();
  }
}

class Sleep implements Planned {
  readonly at: number;
  order = 0;
  readonly code = 1;
  readonly activity: Activity;
  readonly over = Promise.withResolvers<void>();

  constructor(activity: Activity, at: number) {
    this.activity = activity;
    this.at = at;
  }

  get isVoid(): boolean {
    return this.activity.isDead;
  }

  run(): void {
    if (this.activity.goOn()) this.over.resolve();
  }
}
