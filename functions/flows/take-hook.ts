// A forge says that something happened: is it from who it says, and does it become a task?
import type { Cloud } from "../core/cloud.ts";
import { describeIssue } from "../core/describe-issue.ts";
import { DroverError, hasCode } from "../core/errors.ts";
import { decideHook, eventOf, type IssueCall } from "../core/forge-events.ts";
import { isSignedByForge, type ReadHeader } from "../core/forge-signature.ts";
import type { TaskId } from "../core/ids.ts";
import { isSourceId, principalOf, type Source } from "../core/sources.ts";
import { limitRate } from "./limit-rate.ts";
import { submitTask } from "./submit-task.ts";

export type TakenHook = { kind: "accepted"; taskId: TaskId; repeated: boolean } | { kind: "ignored"; why: string };

/** Forges let people send an old delivery again for days. */
const idempotencyLifeMs = 30 * 24 * 60 * 60 * 1000;

/** Throws `invalid_signature`, `payload_invalid`, `rate_limited`, or why the task was not admitted. */
export async function takeHook(cloud: Cloud, id: string, body: Uint8Array, header: ReadHeader): Promise<TakenHook> {
  const source = await authenticateHook(cloud, id, body, header);
  const decision = decideHook(source, eventOf(source.kind, header), parseJson(body));
  switch (decision.kind) {
    case "ignored":
      return decision;
    case "unreadable":
      throw new DroverError(
        "payload_invalid",
        `The delivery cannot be read: ${decision.why}. Is ${source.kind} its forge?`,
      );
    case "task":
      // Not before: what a stranger sends, or what asks for nothing, takes nothing from those who ask.
      await limitRate(cloud, source.sourceId, "normal");
      return { kind: "accepted", ...(await submitCall(cloud, source, decision.call)) };
  }
}

/** The same words, and the same work, whether the source is unknown or the signature wrong. */
async function authenticateHook(cloud: Cloud, id: string, body: Uint8Array, header: ReadHeader): Promise<Source> {
  const source = isSourceId(id) ? await cloud.table.getSource(id) : undefined;
  const secret = source && (await cloud.webhookSecrets.get(source.sourceId));
  const isSigned = isSignedByForge(source?.kind ?? "github", secret ?? "nobody's secret", body, header);
  if (source && secret && isSigned) return source;
  throw new DroverError(
    "invalid_signature",
    "No source of this id has signed this delivery. Use the URL and the secret that were shown when the source was made.",
  );
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch (error) {
    throw new DroverError("payload_invalid", "The delivery is not JSON. Choose application/json as its content type.", {
      cause: error,
    });
  }
}

/** Nothing of the task but its words and its issue comes from the delivery. */
async function submitCall(cloud: Cloud, source: Source, call: IssueCall) {
  const request = {
    ...source.task,
    ...describeIssue(call),
    repository: call.cloneUrl,
    issue: { number: call.issue.number },
  };
  const idempotencyKey = `${source.sourceId}:${call.key}`;
  try {
    const principal = principalOf(source);
    return await submitTask(cloud, { principal, request, idempotencyKey, idempotencyLifeMs });
  } catch (error) {
    // The issue was edited since: the task that was made of it stands.
    if (hasCode(error, "idempotency_key_reused")) return { taskId: error.details.taskId as TaskId, repeated: true };
    throw error;
  }
}
