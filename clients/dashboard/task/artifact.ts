// What has an attempt left behind? Read as text; null where it has left nothing of that kind.
import { ask, DroverProblem } from "../../client.ts";
import { api } from "../drover.ts";

export async function readArtifact(
  taskId: string,
  kind: "log" | "diff" | "transcript" | "verdicts" | "gates",
  attempt: number,
): Promise<string | null> {
  const params = { path: { taskId }, query: { attempt } };
  try {
    return await ask<string>(api.GET(`/api/orchestrator/tasks/{taskId}/${kind}`, { params, parseAs: "text" }));
  } catch (error) {
    if (error instanceof DroverProblem && error.status === 404) return null;
    throw error;
  }
}
