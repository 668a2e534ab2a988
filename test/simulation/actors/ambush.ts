// How does somebody come just between two steps of a function? Chance alone would seldom meet so short a time.
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";

const code = 11;
const longestWaitMs = 150_000;
const longestDelayMs = 400;

/** Resolves within a moment after such a function has begun, or when none has for a while. */
export async function awaitFunction(stage: Stage, who: Activity, name: keyof Stage["ambushes"]): Promise<void> {
  const { promise, resume } = who.park<void>();
  const go = () => {
    if (patience.isVoid) return;
    patience.isVoid = true;
    resume();
  };
  const patience = stage.world.plan(stage.world.now + longestWaitMs, code, go);
  stage.ambushes[name].push(go);
  await promise;
  await who.sleep(who.random.between(0, longestDelayMs));
}
