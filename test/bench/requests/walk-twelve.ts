// Which twelve ways does a task go, and what does it ask for on each? Every one is walked on a stack of its own.
import { plus } from "../../../scripts/cost/combine.ts";
import { walkAll } from "../../../scripts/cost/paths.ts";
import { openStage } from "../../../scripts/cost/stage.ts";
import { type FaultProxy, startFaultProxy } from "../../support/fault-proxy.ts";
import { sharedImageDir } from "../../support/image-dir.ts";
import * as paths from "./paths.ts";

export const commandPath = "a command, its branch pushed";
export const unchangedPath = "a command that changes nothing";
export const failedPath = "a command that fails";
export const modelPath = "a model, whose work passes its gates";
export const rejectedPath = "a model whose work is rejected once";
export const resumedPath = "a model out of quota, resumed";
export const lostPath = "its sandbox lost, the second attempt pushed";
export const putBackPath = "put back by throttling, then pushed";
export const killedPath = "killed while it runs";

export type Walked = Awaited<ReturnType<typeof walkTwelve>>;

export async function walkTwelve() {
  let ecs: FaultProxy | undefined;
  const stage = await openStage(sharedImageDir, async (url) => {
    ecs = await startFaultProxy(url);
    return ecs.url;
  });
  if (!ecs) throw new Error("the stack has asked for nothing before its ECS");
  const model = await paths.openModel(stage);
  try {
    const priced = await walkAll(stage);
    const { completed, unchanged, killedQueued, killedRunning, idleRound } = priced;
    const twelve = {
      [commandPath]: completed,
      [unchangedPath]: unchanged,
      [failedPath]: await paths.fail(stage),
      [modelPath]: await paths.passGates(stage, model.submit),
      [rejectedPath]: await paths.rejectOnce(stage, model.submit),
      [resumedPath]: await paths.waitForQuota(stage, model.submit),
      [lostPath]: plus(priced.retried, idleRound, -1),
      [putBackPath]: await paths.putBack(stage, ecs),
      "killed while it waits": killedQueued,
      "killed while it is launched": await paths.killLaunching(stage, ecs),
      [killedPath]: killedRunning,
      "cancelled while it waits": await paths.cancelQueued(stage),
    };
    return { twelve, priced };
  } finally {
    await model.close();
    await stage.close();
    await ecs.close();
  }
}
