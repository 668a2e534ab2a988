// What does one sandbox consist of on this machine? The same containers, started from the same code, as on Fargate.
import { resolve } from "node:path";
import { maxGatesAtOnce } from "../../functions/core/gates.ts";
import type { ContainerLimits } from "./containers.ts";
import type { LocalTaskDefinition } from "./ecs/endpoint.ts";
import type { EgressSettings } from "./egress-settings.ts";

const checkout = resolve(import.meta.dirname, "../..");
const runner = ["node", "/opt/drover/functions/sandbox/runner.ts"];

/** Most tasks need no gates: until the supervisor opens their socket, a shell holds the place of the runner. */
const whenWanted = 'until [ -S "$DROVER_SOCKETS/runner.sock" ]; do sleep 0.2; done; exec "$@"';

export const sandboxFamily = "drover-sandbox";

export interface SandboxSettings {
  apiUrl: string;
  egress: EgressSettings;
  limits: ContainerLimits;
  /** What the limits are and who keeps them, for the log of each attempt. */
  limitLines: readonly string[];
}

export function sandboxTaskDefinition({ apiUrl, egress, limits, limitLines }: SandboxSettings): LocalTaskDefinition {
  // What runs in there can stop its own runner, so it is not asked to end.
  const untrusted = { essential: false, confined: true, limits, stopTimeoutMs: 0 };
  return {
    family: sandboxFamily,
    revision: 1,
    cpu: String(limits.cpuUnits),
    memory: String(limits.memoryMb),
    stopTimeoutMs: 2_000,
    containers: [
      {
        name: "supervisor",
        essential: true,
        command: ["node", resolve(checkout, "functions/sandbox/supervisor.ts")],
        environment: { DROVER_API_URL: apiUrl, ...egress, DROVER_LIMITS: JSON.stringify(limitLines) },
        confined: false,
      },
      { ...untrusted, name: "workspace", command: runner, environment: {} },
      {
        ...untrusted,
        name: "gates",
        command: ["/bin/sh", "-c", whenWanted, "gates", ...runner],
        environment: { DROVER_LINES: String(maxGatesAtOnce) },
      },
    ],
  };
}
