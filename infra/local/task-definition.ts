// What does one sandbox consist of on this machine? The same containers, started from the same code, as on Fargate.
import { sandboxFamily, sealedNode, supervisor, untrusted } from "../sandbox-containers.ts";
import type { ContainerLimits } from "./containers.ts";
import type { LocalTaskDefinition } from "./ecs/endpoint.ts";
import type { EgressSettings } from "./egress-settings.ts";

export interface SandboxSettings {
  apiUrl: string;
  egress: EgressSettings;
  limits: ContainerLimits;
  /** What the limits are and who keeps them, for the log of each attempt. */
  limitLines: readonly string[];
}

export function sandboxTaskDefinition({ apiUrl, egress, limits, limitLines }: SandboxSettings): LocalTaskDefinition {
  return {
    family: sandboxFamily,
    revision: 1,
    cpu: String(limits.cpuUnits),
    memory: String(limits.memoryMb),
    stopTimeoutMs: 2_000,
    containers: [
      {
        ...supervisor,
        environment: { DROVER_API_URL: apiUrl, ...egress, DROVER_LIMITS: JSON.stringify(limitLines) },
        confined: false,
      },
      // Untrusted, so they are not asked to end.
      ...untrusted.map(({ command, ...container }) => ({
        ...container,
        command: command.map((part) => (part === "node" ? sealedNode : part)),
        confined: true,
        limits,
        stopTimeoutMs: 0,
      })),
    ],
  };
}
