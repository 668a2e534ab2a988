// What does one sandbox consist of on this machine? The same containers, started from the same code, as on Fargate.
import { resolve } from "node:path";
import type { LocalTaskDefinition } from "./ecs/endpoint.ts";
import type { EgressSettings } from "./egress-settings.ts";

const checkout = resolve(import.meta.dirname, "../..");

export const sandboxFamily = "drover-sandbox";

export function sandboxTaskDefinition(apiUrl: string, egress: EgressSettings): LocalTaskDefinition {
  return {
    family: sandboxFamily,
    revision: 1,
    cpu: "1024",
    memory: "2048",
    stopTimeoutMs: 2_000,
    containers: [
      {
        name: "supervisor",
        essential: true,
        command: ["node", resolve(checkout, "functions/sandbox/supervisor.ts")],
        environment: { DROVER_API_URL: apiUrl, ...egress },
        confined: false,
      },
      {
        name: "workspace",
        essential: false,
        command: ["node", "/opt/drover/functions/sandbox/runner.ts"],
        environment: {},
        confined: true,
      },
    ],
  };
}
