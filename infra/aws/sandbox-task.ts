// What may a sandbox's containers do on Fargate? The task definition, as RegisterTaskDefinition takes it.
import type { ContainerDefinition, KeyValuePair, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs";
import { codePath, sandboxFamily, socketsPath, supervisor, untrusted } from "../sandbox-containers.ts";

export interface SandboxTaskSettings {
  /** Named by its digest: a tag can come to mean another image. */
  image: string;
  architecture: "X86_64" | "ARM64";
  cpuUnits: number;
  memoryMb: number;
  /** What all containers together may write: 20 at least, as Fargate has it. */
  diskGb: number;
  /** Pulls the image and writes the log, before and beside the containers. They have no role of their own. */
  executionRoleArn: string;
  log: { group: string; region: string };
  apiUrl: string;
  /** Further `DROVER_…` variables of the supervisor, such as what its proxy lets out. No secrets: they are readable for all. */
  supervisorEnvironment: Readonly<Record<string, string>>;
}

/** As in the image. */
export const users = { agent: 1000, runner: 1001, supervisor: 1002 } as const;

/** What is left for the supervisor, whatever the agent takes: how large a repository may be is decided by it. */
const leastSupervisorMb = 512;
const supervisorMbOf = ({ memoryMb }: SandboxTaskSettings) => Math.max(leastSupervisorMb, Math.floor(memoryMb / 8));
const reservedMb = 64;
const fargateDiskGb = 20;
const stopTimeoutS = 2;
const supervisorHome = "/var/lib/drover";
/** Each of these is a volume in the image, which gives it its owner. */
const writable = { workspace: "/workspace", home: "/home/agent", tmp: "/tmp" } as const;
/** The containers share a network, so each needs a port of its own for its way to the supervisor's proxy. */
const relayPorts = { workspace: 3128, gates: 3129 } as const;

export function sandboxTask(settings: SandboxTaskSettings): RegisterTaskDefinitionCommandInput {
  const { cpuUnits, memoryMb, diskGb, architecture, executionRoleArn, image } = settings;
  if (memoryMb < 2 * leastSupervisorMb) {
    throw new Error(
      `A sandbox with ${memoryMb} MB leaves its agent too little beside the supervisor; give it ${2 * leastSupervisorMb} or more.`,
    );
  }
  if (!/@sha256:[0-9a-f]{64}$/.test(image)) {
    throw new Error(
      `The sandbox's image ${image} is not named by its digest; append the @sha256:… that the push has printed.`,
    );
  }
  const containerDefinitions = [describeSupervisor(settings), ...describeUntrusted(settings)];
  const mounted = containerDefinitions.flatMap(({ mountPoints = [] }) =>
    mountPoints.map((mount) => mount.sourceVolume),
  );
  return {
    family: sandboxFamily,
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: architecture },
    cpu: String(cpuUnits),
    memory: String(memoryMb),
    ...(diskGb > fargateDiskGb && { ephemeralStorage: { sizeInGiB: diskGb } }),
    executionRoleArn,
    volumes: [...new Set(mounted)].map((name) => ({ name })),
    containerDefinitions,
  };
}

function describeSupervisor(settings: SandboxTaskSettings): ContainerDefinition {
  const { name, essential, command } = supervisor;
  return {
    ...hardened(settings, name, users.supervisor),
    essential,
    command: [...command],
    workingDirectory: supervisorHome,
    memoryReservation: supervisorMbOf(settings),
    environment: toPairs({
      ...settings.supervisorEnvironment,
      DROVER_API_URL: settings.apiUrl,
      DROVER_SOCKETS: socketsPath,
      DROVER_MEMORY_MB: String(supervisorMbOf(settings)),
      HOME: supervisorHome,
    }),
    mountPoints: [
      ...untrusted.map((container) => mount(socketsOf(container.name), `${socketsPath}/${container.name}`)),
      mount("supervisor-home", supervisorHome),
      mount("supervisor-tmp", writable.tmp),
    ],
  };
}

function describeUntrusted(settings: SandboxTaskSettings): ContainerDefinition[] {
  return untrusted.map(({ name, essential, command, environment }) => ({
    ...hardened(settings, name, users.runner),
    essential,
    command: [...command],
    workingDirectory: "/",
    // What wants more is ended, and not the supervisor beside it.
    memory: settings.memoryMb - supervisorMbOf(settings),
    memoryReservation: reservedMb,
    environment: toPairs({
      ...environment,
      DROVER_SOCKETS: `${socketsPath}/${name}`,
      DROVER_WORKSPACE: writable.workspace,
      DROVER_CONFINED: "1",
      DROVER_AS_AGENT: `${codePath}/bin/as-agent`,
      DROVER_RELAY_PORT: String(relayPorts[name]),
      HOME: writable.home,
      TMPDIR: writable.tmp,
    }),
    mountPoints: [
      { ...mount(socketsOf(name), `${socketsPath}/${name}`), readOnly: true },
      ...Object.entries(writable).map(([what, path]) => mount(`${name}-${what}`, path)),
    ],
  }));
}

/**
 * Not given, on purpose: a task role, secrets, ports, ECS Exec (a setting of RunTask, which needs a task role). Fargate
 * itself refuses a privileged container and an ipc or pid namespace of the host.
 */
function hardened({ image, log }: SandboxTaskSettings, name: string, uid: number): ContainerDefinition {
  return {
    name,
    image,
    user: `${uid}:${uid}`,
    readonlyRootFilesystem: true,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ["ALL"] } },
    ulimits: [{ name: "nofile", softLimit: 16_384, hardLimit: 16_384 }],
    stopTimeout: stopTimeoutS,
    interactive: false,
    pseudoTerminal: false,
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": log.group,
        "awslogs-region": log.region,
        "awslogs-stream-prefix": "sandbox",
        mode: "non-blocking",
      },
    },
  };
}

const socketsOf = (name: string) => `sockets-${name}`;
const mount = (sourceVolume: string, containerPath: string) => ({ sourceVolume, containerPath, readOnly: false });
const toPairs = (environment: Readonly<Record<string, string>>): KeyValuePair[] =>
  Object.entries(environment).map(([name, value]) => ({ name, value }));
