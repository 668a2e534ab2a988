// How much may a sandbox on this machine take? The size of a small Fargate task, unless the user says otherwise.
import { z } from "zod";
import type { ContainerLimits } from "./containers.ts";
import { SetUpError } from "./data-dir.ts";

const settings = z.object({
  DROVER_SANDBOX_MEMORY_MB: z.coerce.number().int().min(256).max(1_048_576).default(2_048),
  /** 1024 for one CPU. */
  DROVER_SANDBOX_CPU: z.coerce.number().int().min(256).max(262_144).default(1_024),
  /** Threads count; Node alone has a dozen. */
  DROVER_SANDBOX_PROCESSES: z.coerce.number().int().min(64).max(32_768).default(2_048),
  DROVER_SANDBOX_DISK_MB: z.coerce.number().int().min(64).max(1_048_576).default(10_240),
});

/** Throws SetUpError on a value that cannot be meant. */
export function readLimits(environment: NodeJS.ProcessEnv): ContainerLimits {
  const parsed = settings.safeParse(environment);
  if (!parsed.success) throw new SetUpError(`A limit of the sandbox is not valid:\n${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  return {
    memoryMb: data.DROVER_SANDBOX_MEMORY_MB,
    cpuUnits: data.DROVER_SANDBOX_CPU,
    processes: data.DROVER_SANDBOX_PROCESSES,
    diskMb: data.DROVER_SANDBOX_DISK_MB,
  };
}
