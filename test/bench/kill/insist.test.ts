// Does the bench of kills notice what is accepted too late? By the whole API and production's flows, in memory.
import { describe, expect, it } from "vitest";
import { createApp } from "../../../functions/api/app.ts";
import { parseAgentId } from "../../../functions/core/ids.ts";
import { answerWakeUps } from "../../../functions/flows/answer-wake-ups.ts";
import { killTask } from "../../../functions/flows/kill-task.ts";
import { turnSwitch } from "../../../functions/flows/turn-switch.ts";
import { openBenchCloud } from "../in-memory/open-cloud.ts";
import { requestFor } from "../stack/life.ts";
import { effectsOf, insist, type Late, refusalOf, type Say } from "./insist.ts";

const workspace = { kind: "workspace", name: "default" } as const;

/** An agent that is at work, or has reported it; and what may be done to it. */
async function open(status: "running" | "verifying") {
  const { cloud, apiKey, handed } = await openBenchCloud();
  const app = createApp(async () => cloud);
  const post = (path: string, headers: Record<string, string>, body: object) =>
    app.request(`/api/orchestrator${path}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  await post("/tasks", { "x-api-key": apiKey }, requestFor("https://git.example/acme/shop"));
  const wakeUps = handed.wakeUps.splice(0).map((taskId) => ({
    ...{ messageId: "1", receiptHandle: "1", attributes: { ApproximateReceiveCount: "1" } },
    body: JSON.stringify({ taskId }),
  }));
  await answerWakeUps(cloud, wakeUps);
  const agentId = handed.launched[0] ?? "agt_none_1";
  const parsed = parseAgentId(agentId);
  if (!parsed) throw new Error("nothing was launched");
  const { taskId } = parsed;
  const headers = { "x-drover-token": cloud.tokenOf(agentId) };
  const say: Say = async ([verb, body]) => post(`/attempts/${agentId}/${verb}`, headers, body);
  expect(await refusalOf(say, ["start", {}])).toBeUndefined();
  const reports = status === "verifying" ? effectsOf(taskId, "running") : [];
  for (const word of reports) expect(await refusalOf(say, word)).toBeUndefined();
  return {
    say,
    effects: effectsOf(taskId, status),
    kill: () => killTask(cloud, taskId, "key_1", "enough"),
    /** The fence of a kill-all, and none of its kills. */
    fence: () => turnSwitch(cloud, workspace, "stop", "key_1", "enough"),
  };
}

const verbsOf = (late: Late[]) => late.map(({ verb }) => verb);

describe.each(["running", "verifying"] as const)("of a task that was %s", (status) => {
  it("every word that it says after its kill is refused, each five times at least", async () => {
    const { say, effects, kill } = await open(status);
    await kill();
    const { refusedAt, late } = await insist(say, effects, 0, { fenced: true, ended: true });
    expect(refusedAt).toBeGreaterThan(0);
    expect(new Set(late.map(({ refusal }) => refusal))).toEqual(new Set(["task_ended"]));
    expect(verbsOf(late).filter((verb) => verb === "beat")).toHaveLength(5);
    expect(new Set(verbsOf(late))).toEqual(new Set(["beat", ...effects.map(([verb]) => verb)]));
    expect(late).toHaveLength(10);
  });

  it("a kill that is answered and has not come is noticed by the first word that has an effect", async () => {
    const { say, effects } = await open(status);
    const { late } = await insist(say, effects, 0, { fenced: true, ended: false });
    expect(late).toEqual([{ verb: effects[0]?.[0], refusal: undefined }]);
  });

  it("a heartbeat that is accepted after the end is noticed", async () => {
    const { say } = await open(status);
    const { late } = await insist(say, [], 0, { fenced: false, ended: true });
    expect(late).toEqual([{ verb: "beat", refusal: undefined }]);
  });

  it("under a kill-all's fence alone its heartbeats are taken and no fault, and nothing else is", async () => {
    const { say, effects, fence, kill } = await open(status);
    await fence();
    let tried = 0;
    const sayUntilKilled: Say = async (word) => {
      const answer = await say(word);
      if (word[0] !== "beat") tried += 1;
      if (word[0] !== "beat" && tried === effects.length) await kill();
      return answer;
    };
    const { late } = await insist(sayUntilKilled, effects, 0, { fenced: true, ended: false });
    expect(late.slice(0, effects.length)).toEqual(effects.map(([verb]) => ({ verb, refusal: "task_stopped" })));
    const after = late.slice(effects.length).map(({ refusal }) => refusal);
    expect(new Set(after)).toEqual(new Set(["task_ended"]));
  });
});

it("an answer that is no fence's fails the bench", async () => {
  const { say } = await open("running");
  await expect(refusalOf(say, ["permit", { branch: "main" }])).rejects.toThrow('"permit" was answered with 400');
});
