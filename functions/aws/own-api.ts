// Could an agent be heard just now? Asked as an agent asks: over the API's own address, all the way to the table.
import type { OwnApi } from "../core/cloud.ts";
import { readProblemCode } from "../core/errors.ts";
import type { AgentId } from "../core/ids.ts";

/** Of no task that ever was: its beat is refused, and writes nothing. */
const nobody: AgentId = "agt_00000000000000000000000000_1";
const timeoutMs = 5_000;

export function openOwnApi(apiUrl: string, tokenOf: (agentId: AgentId) => string): OwnApi {
  const url = `${apiUrl.replace(/\/$/, "")}/api/orchestrator/attempts/${nobody}/beat`;
  const headers = { "content-type": "application/json", "x-drover-token": tokenOf(nobody) };
  const body = JSON.stringify({ seq: 1, step: "probe", stepStartedAt: 0, output: "", outputLength: 0 });
  return {
    async hearsAgents() {
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const response = await fetch(url, { method: "POST", headers, body, redirect: "error", signal });
        // Any server answers 404 for what it does not know; only the API knows that there is no such task.
        return readProblemCode(await response.text()) === "task_not_found";
      } catch {
        // Whatever kept the answer away keeps beats away, too.
        return false;
      }
    },
  };
}
