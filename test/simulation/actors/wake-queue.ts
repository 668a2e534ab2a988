// How do wake-ups travel? At least once, in any order, sometimes late, sometimes never; a failed one comes again.
import type { TaskId } from "../../../functions/core/ids.ts";
import { dispatchTask } from "../../../functions/flows/dispatch-task.ts";
import { openSimCloud } from "../cloud/sim-cloud.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";

interface Message {
  taskId: TaskId;
  received: number;
}

const code = 2;
const maxReceives = 5;
const visibilityMs = 30_000;
/** The dispatcher runs at a low fixed concurrency. */
const concurrency = 3;

export class WakeQueue {
  readonly #stage: Stage;
  readonly #waiting: Message[] = [];
  #running = 0;
  #underWay = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get isEmpty(): boolean {
    return this.#underWay === 0;
  }

  accept(sender: Activity, taskId: TaskId): void {
    const { world } = this.#stage;
    if (world.strikes(sender, "message_dropped")) return;
    const copies = world.strikes(sender, "message_duplicated") ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delayMs = world.strikes(sender, "message_delayed") ? sender.random.between(1_000, 60_000) : 20;
      this.#later({ taskId, received: 0 }, delayMs + sender.random.between(0, 20));
    }
  }

  #later(message: Message, delayMs: number): void {
    const { world } = this.#stage;
    this.#underWay += 1;
    world.plan(world.now + delayMs, code, () => {
      this.#underWay -= 1;
      this.#waiting.push(message);
      this.#deliver();
    });
  }

  #deliver(): void {
    while (this.#running < concurrency) {
      const message = this.#waiting.shift();
      if (!message) return;
      this.#dispatch({ ...message, received: message.received + 1 });
    }
  }

  #dispatch(message: Message): void {
    const { world } = this.#stage;
    const activity = world.begin("dispatcher");
    this.#running += 1;
    this.#underWay += 1;
    this.#stage.ambushes.dispatcher.shift()?.();
    world.say(activity.name, `wake-up for ${message.taskId}`);
    const end = (failed: boolean) => {
      this.#running -= 1;
      this.#underWay -= 1;
      // After its last delivery the message would go to the dead-letter queue.
      if (failed && message.received < maxReceives) this.#later(message, visibilityMs);
      this.#deliver();
    };
    activity.onDeath = () => end(true);
    const cloud = openSimCloud(this.#stage, activity);
    activity.run(
      () => dispatchTask(cloud, message.taskId),
      (outcome) => {
        if ("error" in outcome) world.say(activity.name, `failed: ${outcome.error}`);
        else if (world.timeline) world.say(activity.name, `→ ${JSON.stringify(outcome.value)}`);
        end("error" in outcome);
      },
    );
  }
}
