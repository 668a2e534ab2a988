// Which RunTask calls does ECS take? https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
import { z } from "zod";
import type { ContainerLimits, ContainerSpec } from "../containers.ts";
import { invalidParameter, parseInput } from "./parse.ts";
import type { LocalTaskDefinition } from "./task.ts";

const overridesLimit = 8192;

/** ECS takes "1 vCPU" and "2 GB" as well; the SDK's callers here do not. */
const size = z.string().regex(/^[1-9]\d{0,6}$/, "cpu and memory are whole numbers of CPU units and MiB.");

const containerOverride = z.strictObject({
  name: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.array(z.strictObject({ name: z.string(), value: z.string().default("") })).optional(),
});

const runTaskRequest = z.strictObject({
  taskDefinition: z.string(),
  cluster: z.string().optional(),
  count: z.int().min(1, "count must be between 1 and 10.").max(10, "count must be between 1 and 10.").default(1),
  launchType: z.literal("FARGATE", "This cluster has Fargate capacity only.").optional(),
  capacityProviderStrategy: z
    .array(
      z.strictObject({
        capacityProvider: z.enum(["FARGATE", "FARGATE_SPOT"]),
        weight: z.int().optional(),
        base: z.int().optional(),
      }),
    )
    .optional(),
  networkConfiguration: z
    .strictObject({
      awsvpcConfiguration: z.strictObject({
        subnets: z.array(z.string()).min(1),
        securityGroups: z.array(z.string()).optional(),
        assignPublicIp: z.enum(["ENABLED", "DISABLED"]).optional(),
      }),
    })
    .optional(),
  overrides: z
    .strictObject({
      containerOverrides: z.array(containerOverride).default([]),
      cpu: size.optional(),
      memory: size.optional(),
    })
    .optional(),
  startedBy: z
    .string()
    .regex(/^[A-Za-z0-9/_-]{1,128}$/, "startedBy takes up to 128 letters, digits, hyphens, slashes and underscores.")
    .optional(),
  clientToken: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, "clientToken takes up to 64 printable characters without spaces.")
    .optional(),
  group: z.string().optional(),
  tags: z
    .array(z.strictObject({ key: z.string(), value: z.string().optional() }))
    .max(50, "Tags can have a maximum size of 50.")
    .default([]),
  // Taken, without effect here.
  platformVersion: z.string().optional(),
  propagateTags: z.enum(["TASK_DEFINITION", "NONE"]).optional(),
  enableECSManagedTags: z.boolean().optional(),
  enableExecuteCommand: z.literal(false, "There is no ECS Exec here.").optional(),
  referenceId: z.string().optional(),
});

export type RunTaskRequest = z.output<typeof runTaskRequest>;

export function parseRunTask(input: Record<string, unknown>): RunTaskRequest {
  const request = parseInput(runTaskRequest, input);
  if (JSON.stringify(input.overrides ?? {}).length > overridesLimit) {
    throw invalidParameter(`Container Overrides length must be at most ${overridesLimit}`);
  }
  if (request.launchType && request.capacityProviderStrategy?.length) {
    throw invalidParameter("Specifying both a launch type and capacity provider strategy is not supported.");
  }
  if (!request.networkConfiguration) {
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  return request;
}

/** The definition's containers with the command and environment that this call wants. */
export function applyOverrides(definition: LocalTaskDefinition, request: RunTaskRequest): ContainerSpec[] {
  const overrides = request.overrides?.containerOverrides ?? [];
  for (const { name } of overrides) {
    if (definition.containers.some((spec) => spec.name === name)) continue;
    throw invalidParameter(`Override for container named ${name} is not a container in the TaskDefinition.`);
  }
  return definition.containers.map((spec) => {
    const override = overrides.find(({ name }) => name === spec.name);
    const added = override?.environment?.map(({ name, value }) => [name, value]) ?? [];
    const environment = { ...spec.environment, ...Object.fromEntries(added) };
    const command = override?.command ?? spec.command;
    return { ...spec, ...(spec.limits && { limits: overrideLimits(spec.limits, request) }), command, environment };
  });
}

/** A size of the task as a whole is each container's limit here, as it is on Fargate for one that sets none. */
function overrideLimits(limits: ContainerLimits, { overrides }: RunTaskRequest): ContainerLimits {
  const { cpu, memory } = overrides ?? {};
  return { ...limits, ...(cpu && { cpuUnits: Number(cpu) }), ...(memory && { memoryMb: Number(memory) }) };
}
