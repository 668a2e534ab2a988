// What does a supervisor get to work with? The agent, with the key of its model, and what earlier attempts have left.
import type { StartAnswer } from "../core/callbacks.ts";
import { artifactKinds, type Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";
import { spentBy } from "../core/spending.ts";
import type { ModelAgent, Task, TaskSpec } from "../core/task.ts";
import { limitsOf, requireModelCredential } from "./admit-agent.ts";

export async function offerAgent(cloud: Cloud, task: Task, spec: TaskSpec): Promise<StartAnswer["agent"]> {
  const { agent } = spec;
  if (agent.kind === "command") return agent;
  const earlier = (await cloud.table.listAttempts(task.taskId)).filter(({ attempt }) => attempt < task.attempt);
  const saved = earlier.findLast(({ beat }) => beat?.checkpoint);
  const { wallClockMs, ...limits } = { ...limitsOf({ limits: {} }, "model"), ...spec.limits };
  return {
    kind: "model",
    type: agent.type,
    skills: agent.skills ?? [],
    access: await accessModel(cloud, task.workspace, agent),
    budget: {
      tokens: limits.tokens ?? 0,
      microDollars: limits.microDollars ?? 0,
      turns: limits.turns ?? 0,
      wallClockMs,
    },
    spent: spentBy(earlier),
    ...(saved ? { checkpointUrl: await cloud.artifacts.downloadUrl(saved.agentId, "checkpoint") } : {}),
  };
}

async function accessModel(cloud: Cloud, workspace: string, { model, credential }: ModelAgent) {
  const profile = cloud.settings.models.find(({ id }) => id === model);
  if (!profile) throw new DroverError("model_unknown", `The model ${model} is not in the table of models any more.`);
  const { token: apiKey, model: way } = await requireModelCredential(cloud, workspace, credential);
  return { profile, apiKey, ...way };
}

export async function uploadUrls(cloud: Cloud, agentId: AgentId): Promise<StartAnswer["uploads"]> {
  const urls = await Promise.all(artifactKinds.map((kind) => cloud.artifacts.uploadUrl(agentId, kind)));
  return Object.fromEntries(artifactKinds.map((kind, n) => [kind, urls[n]])) as StartAnswer["uploads"];
}
