// How do messages travel? At least once, in any order, sometimes late or twice; what failed comes again, and is dead at last.
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { BatchAnswer, QueueMessage } from "../../../functions/flows/answer-each.ts";
import { openSimCloud } from "../cloud/sim-cloud.ts";
import type { Activity } from "../engine/activity.ts";
import { watchReceive } from "../invariants/again.ts";
import type { Stage } from "../stage.ts";

/** As SQS hands it over. */
export interface SimMessage extends QueueMessage {
  receiptHandle: string;
  attributes: { ApproximateReceiveCount: string };
}

export interface QueueSettings {
  /** Of the function that it calls. */
  name: string;
  batchSize: number;
  /** How many runs of the function there are at once, at most. */
  concurrency: number;
  visibilityMs: number;
  maxReceives: number;
  answer(cloud: Cloud, messages: readonly SimMessage[]): Promise<BatchAnswer>;
  onBegin?(): void;
  onDead(message: SimMessage): void;
}

interface Held extends QueueMessage {
  received: number;
  /** It comes again after this instead of the visibility timeout. */
  postponedMs: number | undefined;
  isDone: boolean;
}

const code = 2;

export class SimQueue {
  readonly #stage: Stage;
  readonly #settings: QueueSettings;
  readonly #waiting: Held[] = [];
  /** Those that a run of the function has now, by the handle it got for them. */
  readonly #received = new Map<string, Held>();
  #sent = 0;
  #receipts = 0;
  #running = 0;
  #underWay = 0;

  constructor(stage: Stage, settings: QueueSettings) {
    this.#stage = stage;
    this.#settings = settings;
  }

  get isEmpty(): boolean {
    return this.#underWay === 0;
  }

  /** A message that only says that there may be work: it may be lost, doubled or late. */
  accept(sender: Activity, body: string, delayMs = 0): void {
    const { world } = this.#stage;
    if (world.strikes(sender, "message_dropped")) return;
    const copies = world.strikes(sender, "message_duplicated") ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const lateMs = world.strikes(sender, "message_delayed") ? sender.random.between(1_000, 60_000) : 0;
      this.put(body, delayMs + lateMs);
    }
  }

  /** `deliveries`: to so many at about the same moment. */
  put(body: string, delayMs: number, deliveries = 1): string {
    this.#sent += 1;
    const messageId = `${this.#settings.name} message ${this.#sent}`;
    const held = { messageId, body, received: 0, postponedMs: undefined, isDone: false };
    for (let n = 0; n < deliveries; n += 1) this.#later(held, delayMs);
    return messageId;
  }

  postpone(receiptHandle: string, delayMs: number): void {
    const held = this.#received.get(receiptHandle);
    if (held) held.postponedMs = delayMs;
  }

  /** One that is not late comes at once: what its way takes, the first call of its function takes as well. */
  #later(message: Held, delayMs: number): void {
    const { world } = this.#stage;
    if (delayMs <= 0) {
      this.#arrive(message);
      return;
    }
    this.#underWay += 1;
    world.plan(world.now + delayMs, code, () => {
      this.#underWay -= 1;
      if (!message.isDone) this.#arrive(message);
    });
  }

  #arrive(message: Held): void {
    this.#waiting.push(message);
    this.#deliver();
  }

  #deliver(): void {
    while (this.#running < this.#settings.concurrency) {
      const batch: Held[] = [];
      for (let held = this.#waiting.shift(); held; held = this.#waiting.shift()) {
        // One that came again, and was done with meanwhile.
        if (!held.isDone && batch.push(held) >= this.#settings.batchSize) break;
      }
      if (batch.length === 0) return;
      this.#call(batch);
    }
  }

  #call(batch: Held[]): void {
    const { world } = this.#stage;
    const { name, answer, visibilityMs, onBegin } = this.#settings;
    const activity = world.begin(name);
    const startedAt = world.now;
    const messages = batch.map((held) => this.#receive(held));
    this.#running += 1;
    this.#underWay += 1;
    onBegin?.();
    if (world.timeline) world.say(activity.name, `got ${batch.map(({ body }) => body).join(", ")}`);
    // A run that takes longer than its messages are invisible is not alone with them any more.
    const deadline = world.plan(startedAt + visibilityMs, code, () => this.#reappear(batch, messages));
    const end = (failed: ReadonlySet<string> | "all") => {
      deadline.isVoid = true;
      this.#running -= 1;
      this.#underWay -= 1;
      for (const [index, held] of batch.entries()) {
        const { messageId, receiptHandle } = messages[index] ?? { messageId: "", receiptHandle: "" };
        this.#received.delete(receiptHandle);
        if (failed === "all" || failed.has(messageId)) this.#again(held, startedAt);
        else held.isDone = true;
      }
      this.#deliver();
    };
    activity.onDeath = () => end("all");
    activity.run(
      () => answer(openSimCloud(this.#stage, activity), messages),
      (outcome) => {
        if (world.timeline) world.say(activity.name, `→ ${JSON.stringify(outcome)}`);
        if ("error" in outcome) end("all");
        else end(new Set(outcome.value.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)));
      },
    );
  }

  #receive(held: Held): SimMessage {
    held.received += 1;
    watchReceive(this.#stage, held);
    held.postponedMs = undefined;
    this.#receipts += 1;
    const receiptHandle = String(this.#receipts);
    this.#received.set(receiptHandle, held);
    const { messageId, body, received } = held;
    return { messageId, body, receiptHandle, attributes: { ApproximateReceiveCount: String(received) } };
  }

  #reappear(batch: readonly Held[], messages: readonly SimMessage[]): void {
    for (const [index, held] of batch.entries()) {
      const isStillHeld = this.#received.get(messages[index]?.receiptHandle ?? "") === held;
      if (isStillHeld && held.received < this.#settings.maxReceives) this.#waiting.push(held);
    }
    this.#deliver();
  }

  #again(held: Held, startedAt: number): void {
    const { maxReceives, visibilityMs, onDead } = this.#settings;
    // Another run has it already.
    if ([...this.#received.values()].includes(held) || this.#waiting.includes(held)) return;
    if (held.received >= maxReceives) {
      const { messageId, body, received } = held;
      onDead({ messageId, body, receiptHandle: "", attributes: { ApproximateReceiveCount: String(received) } });
      return;
    }
    const { world } = this.#stage;
    const invisibleUntil = held.postponedMs === undefined ? startedAt + visibilityMs : world.now + held.postponedMs;
    this.#later(held, Math.max(0, invisibleUntil - world.now));
  }
}
