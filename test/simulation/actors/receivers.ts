// Who is told of ended tasks? Receivers that now and then fail or do not answer; they keep what they took.
import { noticeTypes } from "../../../functions/core/notices.ts";
import { addWebhook } from "../../../functions/flows/webhooks.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { insist } from "./request.ts";

const addedWithinMs = 60_000;
export const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

export interface Posted {
  url: string;
  messageId: string;
  taken: boolean;
}

export function addSubscriber(stage: Stage): void {
  if (!stage.world.swarm.parties.has("subscriber")) return;
  const subscriber = stage.world.begin("subscriber");
  stage.usersAtWork += 1;
  subscriber.run(
    () => subscribe(stage, subscriber),
    () => {
      stage.usersAtWork -= 1;
    },
  );
}

/** An answer that is lost leaves a webhook that nobody knows of; it is told of every end, like any other. */
async function subscribe(stage: Stage, subscriber: Activity): Promise<void> {
  const { random } = subscriber;
  await subscriber.sleep(random.between(0, addedWithinMs));
  const events = random.next() < 0.5 ? [...noticeTypes] : [...noticeTypes].filter(() => random.next() < 0.5);
  const workspace = random.next() < 0.5 ? "red" : "blue";
  let asked = 0;
  await insist(stage, subscriber, "add-webhook", (cloud) => {
    asked += 1;
    return addWebhook(cloud, "key:subscriber", { workspace, url: `https://hooks.example/${asked}`, events, secret });
  });
}
