// What becomes of a request to the API? It is lost, or served by a function that may die, or its answer is lost.
import type { Cloud } from "../../../functions/core/cloud.ts";
import { DroverError } from "../../../functions/core/errors.ts";
import { openSimCloud } from "../cloud/sim-cloud.ts";
import type { Activity } from "../engine/activity.ts";
import { deafness } from "../situations.ts";
import type { Stage } from "../stage.ts";

export type Answer<T> =
  | { kind: "answered"; value: T }
  /** The API said no, by one of its codes. */
  | { kind: "refused"; code: string }
  /** The API failed (500), or nobody answered. */
  | { kind: "no_answer" };

const code = 3;
export const killFunction = "kill function";
const timeoutMs = 10_000;
const askAgainMs = 3_000;

export function request<T>(
  stage: Stage,
  client: Activity,
  name: string,
  serve: (cloud: Cloud) => Promise<T>,
): Promise<Answer<T>> {
  const { world } = stage;
  const { promise, resume } = client.park<Answer<T>>();
  const giveUp = () => resume({ kind: "no_answer" });
  const isDeaf = name !== killFunction && isApiDeaf(stage, client);
  if (isDeaf || world.strikes(client, "callback_lost")) {
    world.plan(world.now + timeoutMs, code, giveUp);
    return promise;
  }
  const answerIsLost = world.strikes(client, "callback_answer_lost");
  const server = world.begin(name);
  const deadline = world.now + timeoutMs;
  const late = () => world.plan(Math.max(world.now, deadline), code, giveUp);
  server.onDeath = late;
  // It is served at once: what its way takes, the first call of its function takes as well.
  server.run(
    () => serve(openSimCloud(stage, server)),
    (outcome) => {
      if (world.timeline) world.say(server.name, "error" in outcome ? `✗ ${outcome.error}` : "✓");
      if (answerIsLost || world.now > deadline) return late();
      resume(toAnswer(outcome));
    },
  );
  return promise;
}

/** The kill function has an address of its own. */
export function isApiDeaf({ world }: Stage, client: Activity): boolean {
  const { now, swarm } = world;
  if (swarm.situation !== "deaf" || now < deafness.fromMs || now >= deafness.untilMs) return false;
  return world.fire(client, "api_outage");
}

/** Until it is answered; what comes twice must do no harm. */
export async function insist<T>(
  stage: Stage,
  client: Activity,
  name: string,
  serve: (cloud: Cloud) => Promise<T>,
): Promise<void> {
  while ((await request(stage, client, name, serve)).kind === "no_answer") await client.sleep(askAgainMs);
}

function toAnswer<T>(outcome: { value: T } | { error: unknown }): Answer<T> {
  if ("value" in outcome) return { kind: "answered", value: outcome.value };
  if (outcome.error instanceof DroverError) return { kind: "refused", code: outcome.error.code };
  return { kind: "no_answer" };
}
