// Can the agent that a request names be had? Model, credential, budget and size of the work, before anything is queued.
import { type BudgetLimits, defaultBudget, nothingSpent, reserveCall, type TaskLimits } from "../core/budget.ts";
import type { Cloud } from "../core/cloud.ts";
import { DroverError } from "../core/errors.ts";
import { checkHalfWindow, chooseModel, estimateTokens, type ModelProfile } from "../core/models.ts";
import type { TaskRequest } from "../core/requests.ts";
import type { Agent } from "../core/task.ts";

const commandWallClockMs = 15 * 60_000;
const defaultRejections = 3;
/** What every conversation begins with, beside the task's own text: instructions and tools. */
const openingTokens = 8_000;

type AgentRequest = Pick<TaskRequest, "agent" | "limits" | "prompt" | "estimatedTokens">;

/** Throws `model_unknown`, `credential_not_found`, `budget_too_small` or `work_too_large`, with the numbers. */
export async function admitAgent(
  cloud: Cloud,
  workspace: string,
  request: AgentRequest,
): Promise<{ agent: Agent; limits: TaskLimits }> {
  const { agent } = request;
  if (agent.kind === "command") return { agent, limits: limitsOf(request, agent.kind) };
  const choice = chooseModel({ named: agent.model, type: agent.type }, cloud.settings.models);
  if (choice.kind === "refused") throw new DroverError("model_unknown", choice.why);
  const { model } = choice;
  const limits = limitsOf(request, agent.kind);
  const estimate = Math.max(request.estimatedTokens ?? 0, openingTokens + estimateTokens(request.prompt));
  refuseTooLarge(estimate, model);
  refuseUnaffordable(estimate, { ...defaultBudget, ...limits }, model);
  await requireModelCredential(cloud, workspace, agent.credential);
  const { type, skills, credential } = agent;
  return { agent: { kind: "model", type, model: model.id, ...(skills ? { skills } : {}), credential }, limits };
}

/** A model agent's limits are all there, so that nobody needs to know the defaults of that day. */
export function limitsOf({ limits }: Pick<TaskRequest, "limits">, kind: Agent["kind"]): TaskLimits {
  const { wallClockMs, dollars, rejections = defaultRejections, ...rest } = limits;
  if (kind === "command") return { wallClockMs: wallClockMs ?? commandWallClockMs, rejections };
  const money = dollars === undefined ? {} : { microDollars: Math.round(dollars * 1_000_000) };
  return { ...defaultBudget, ...rest, ...money, ...(wallClockMs ? { wallClockMs } : {}), rejections };
}

function refuseTooLarge(estimate: number, model: ModelProfile): void {
  const half = checkHalfWindow(estimate, model);
  if (half.kind === "fits") return;
  const { limit, window } = half;
  throw new DroverError("work_too_large", half.why, { details: { estimate, limit, window } });
}

/** One call with this prompt must fit, or the agent could not even begin. */
function refuseUnaffordable(estimate: number, limits: BudgetLimits, model: ModelProfile): void {
  const call = { model, cachedTokens: 0, newTokens: estimate, maxOutputTokens: model.maxOutputTokens };
  const first = reserveCall(nothingSpent, limits, call);
  if (first.kind === "reserved") return;
  throw new DroverError(
    "budget_too_small",
    `Not even the first call to ${model.id} fits into the budget: its prompt has about ${estimate} tokens. ${first.why}`,
    { details: { limit: first.limit, estimate } },
  );
}

/** The model's key of a workspace. Throws `credential_not_found`. */
export async function requireModelCredential(cloud: Cloud, workspace: string, name: string) {
  const found = await cloud.credentials.get(workspace, name);
  if (found?.model) return { ...found, model: found.model };
  const path = `PUT /api/orchestrator/workspaces/${workspace}/credentials/${name}`;
  throw new DroverError(
    "credential_not_found",
    found
      ? `The credential ${name} of workspace ${workspace} is not for a model. Set it again with "model": {}: ${path}.`
      : `Workspace ${workspace} has no credential ${name} for its model. Set it: ${path} with {"token": "…", "model": {}}.`,
  );
}
