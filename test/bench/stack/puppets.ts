// Containers that are no processes: each lives until somebody signals it, or says that it has ended.
import type { ContainerEnd, ContainerRuntime } from "../../../infra/local/containers.ts";
import { sandboxTaskDefinition } from "../../../infra/local/task-definition.ts";

export interface Puppets {
  runtime: ContainerRuntime;
  /** Its supervisor exits by itself. */
  end(agentId: string): void;
}

export function openPuppets(onLaunch: (agentId: string, token: string) => void): Puppets {
  const ends = new Map<string, () => void>();
  return {
    runtime: {
      async start({ name, environment }) {
        const { promise, resolve } = Promise.withResolvers<ContainerEnd>();
        const { DROVER_AGENT_ID: agentId = "", DROVER_TOKEN: token = "" } = environment;
        if (name === "supervisor") {
          ends.set(agentId, () => resolve({ exitCode: 0 }));
          onLaunch(agentId, token);
        }
        return { record: { pid: 0, startTicks: "" }, exited: promise, signal: () => resolve({ exitCode: 137 }) };
      },
      adopt: () => undefined,
      remove: async () => undefined,
    },
    end(agentId) {
      ends.get(agentId)?.();
      ends.delete(agentId);
    },
  };
}

/** What Fargate allows in a second is not what is measured. */
const unlimited = { burst: Number.MAX_SAFE_INTEGER, perSecond: Number.MAX_SAFE_INTEGER };

/** An ECS for puppets. Of their containers nothing is read but the names. */
export const puppetCluster = {
  cluster: "drover",
  launchRate: unlimited,
  runTaskRate: unlimited,
  taskDefinitions: [
    sandboxTaskDefinition({
      apiUrl: "http://127.0.0.1",
      egress: {
        DROVER_EGRESS_ALLOW: "",
        DROVER_EGRESS_ALLOW_PRIVATE: "",
        DROVER_GATES_EGRESS_ALLOW: "",
        DROVER_GATES_EGRESS_ALLOW_PRIVATE: "",
        DROVER_EGRESS_UPLOAD_MB: "1",
        DROVER_COMMAND_ENVIRONMENT: "{}",
      },
      limits: { memoryMb: 1, cpuUnits: 1, processes: 1, diskMb: 1 },
      limitLines: [],
    }),
  ],
};
