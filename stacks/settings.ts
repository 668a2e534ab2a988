// What differs from stage to stage? Sizes by the kind of stage, and what its owner sets in `.env` or `.env.<stage>`.
import { z } from "zod";
import { readModels } from "../functions/core/model-settings.ts";
import { resourceName } from "../functions/core/requests.ts";
import { findWrong, operatorVariables } from "../functions/environment.ts";

const count = z.coerce.number().int().positive();
const list = (unset: string) =>
  z
    .string()
    .default(unset)
    .transform((text) => text.split(",").filter(Boolean));

const environment = z
  .object({
    /** By its digest, as `docs/sandbox-image.md` has it built and pushed. */
    DROVER_SANDBOX_IMAGE: z
      .string({ error: "is missing: build and push the sandbox's image first (docs/sandbox-image.md)" })
      .regex(/@sha256:[0-9a-f]{64}$/, "names no digest; append the @sha256:… that the push has printed"),
    DROVER_SANDBOX_ARCHITECTURE: z.enum(["X86_64", "ARM64"]).default("X86_64"),
    DROVER_NETWORK: z.enum(["open", "walled"]).default("open"),
    /** Hosts for agents and gates, beside those of the supervisor. */
    DROVER_EGRESS_ALLOW: list("registry.npmjs.org"),
    /** Hosts for the supervisor: git remotes, forges and model providers. `walled` only; with a leading `*.` all below. */
    DROVER_SUPERVISOR_ALLOW: list("github.com,api.github.com,api.anthropic.com"),
    /** Without one the address is CloudFront's. */
    DROVER_DOMAIN: z.string().optional(),
    /** The workspace whose tasks come through the intake queue; without it there is no such queue. */
    DROVER_INTAKE_WORKSPACE: resourceName.optional(),
    /** An EventBridge bus for what becomes of tasks. */
    DROVER_OUTCOMES: z.stringbool().default(false),
    /** Alarms go there, and there are a CloudWatch dashboard and drover's own metrics; without it none of them. */
    DROVER_ALARMS_TO: z.email().optional(),
    /** A month. Whoever gets the alarms is told when it is exceeded, or is going to be. */
    DROVER_BUDGET_DOLLARS: count.optional(),
    /** Clusters beside the first, as `frankfurt=eu-central-1,tokyo=ap-northeast-1`. */
    DROVER_REGIONS: list("").pipe(
      z.array(
        z.string().transform((text, context) => {
          const [, name, region] = /^([a-z][a-z0-9-]{0,30})=([a-z]{2}(?:-[a-z]+)+-\d)$/.exec(text) ?? [];
          if (name && region && name !== "default") return { name, region };
          context.addIssue({ code: "custom", message: `"${text}" is not name=region, as frankfurt=eu-central-1` });
          return z.NEVER;
        }),
      ),
    ),
    /**
     * `reserved`: kills have a part of the account's quota to themselves, and streams take no more than theirs. A new
     * account's quota of ten leaves nothing to give away: there Lambda refuses it.
     */
    DROVER_CONCURRENCY: z.enum(["reserved", "shared"]).default("shared"),
    /** As the CLI sets it for whatever it runs. */
    AWS_REGION: z.string().optional(),
  })
  .refine((env) => env.DROVER_BUDGET_DOLLARS === undefined || env.DROVER_ALARMS_TO !== undefined, {
    path: ["DROVER_BUDGET_DOLLARS"],
    error: "needs DROVER_ALARMS_TO: somebody has to be told",
  })
  .refine((env) => env.DROVER_NETWORK === "open" || env.DROVER_REGIONS.length === 0, {
    path: ["DROVER_REGIONS"],
    error: "cannot be had with a walled network: its way to the artifacts ends at the region's border",
  })
  .refine((env) => env.DROVER_NETWORK === "open" || isWithinWall(env.DROVER_SANDBOX_IMAGE, env.AWS_REGION), {
    path: ["DROVER_SANDBOX_IMAGE"],
    error:
      "cannot be pulled from within a walled network; push it to ECR in the stage's own region (docs/sandbox-image.md)",
  });

/** A walled network lets Fargate reach the registry of its own region, whose layers have a way of their own, and no other. */
function isWithinWall(image: string, stageRegion: string | undefined): boolean {
  const [, region] = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\//.exec(image) ?? [];
  return region !== undefined && region === (stageRegion ?? region);
}

interface Sizes {
  /** The table, the artifacts and the stage itself outlive a mistake. */
  keep: boolean;
  logDays: number;
  artifactDays: number;
  slots: number;
  sandbox: { cpuUnits: number; memoryMb: number; diskGb: number };
  /** At once, of functions that must neither starve nor take all. */
  reserved: { kill: number; stream: number };
  dispatchersAtOnce: number;
}

/** Five dispatchers with three launches a second each stay below Fargate's twenty. */
export const production: Sizes = {
  keep: true,
  logDays: 30,
  artifactDays: 90,
  slots: 20,
  sandbox: { cpuUnits: 2048, memoryMb: 8192, diskGb: 40 },
  reserved: { kill: 5, stream: 50 },
  dispatchersAtOnce: 5,
};

const preview: Sizes = {
  keep: false,
  logDays: 7,
  artifactDays: 7,
  slots: 5,
  sandbox: { cpuUnits: 1024, memoryMb: 4096, diskGb: 21 },
  reserved: { kill: 2, stream: 20 },
  dispatchersAtOnce: 2,
};

/** A function's environment holds 4 KB in all. */
const longestModels = 2_000;

function findWrongModels(setting: string | undefined): string[] {
  if (setting === undefined) return [];
  if (setting.length > longestModels)
    return [`DROVER_MODELS has ${setting.length} characters; ${longestModels} fit into a function's environment`];
  try {
    readModels(setting);
    return [];
  } catch (error) {
    const { message } = error as Error;
    return [message.startsWith("DROVER_MODELS") ? message : `DROVER_MODELS: ${message}`];
  }
}

/** Throws, naming what is wrong and where it is set. */
export function readSettings(stage: string, variables: Record<string, string | undefined>) {
  const sizes = stage === "production" ? production : preview;
  // An empty line of `.env` sets nothing.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  const wrong = [
    ...(parsed.success ? [] : [z.prettifyError(parsed.error)]),
    ...findWrong(given),
    ...findWrongModels(given.DROVER_MODELS),
  ];
  if (!parsed.success || wrong.length > 0) {
    throw new Error(`Stage ${stage} cannot be deployed. In .env or .env.${stage}:\n${wrong.join("\n")}`);
  }
  const env = parsed.data;
  return {
    ...sizes,
    ofFunctions: { DROVER_SLOTS: String(sizes.slots), ...pickOperators(given) },
    reserved: env.DROVER_CONCURRENCY === "reserved" ? sizes.reserved : undefined,
    image: env.DROVER_SANDBOX_IMAGE,
    architecture: env.DROVER_SANDBOX_ARCHITECTURE,
    network: env.DROVER_NETWORK,
    agentHosts: env.DROVER_EGRESS_ALLOW,
    supervisorHosts: env.DROVER_SUPERVISOR_ALLOW,
    domain: env.DROVER_DOMAIN,
    intakeWorkspace: env.DROVER_INTAKE_WORKSPACE,
    outcomes: env.DROVER_OUTCOMES,
    alarmsTo: env.DROVER_ALARMS_TO,
    budgetDollars: env.DROVER_BUDGET_DOLLARS,
    backends: env.DROVER_REGIONS,
  };
}

/** As they were given: the functions read them by the same table. */
function pickOperators(given: Record<string, string | undefined>): Record<string, string> {
  const names = Object.keys(operatorVariables);
  return Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}

export type StageSettings = ReturnType<typeof readSettings>;
