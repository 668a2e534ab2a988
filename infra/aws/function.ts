// What is one function on AWS? A Lambda with a role of its own, which may do what is listed for it, and nothing else.
import { bundling, entryPoints, type FunctionName, titleOf } from "./entry-points.ts";
import type { Right } from "./right.ts";
import { trust } from "./role.ts";

export interface FunctionSettings {
  rights: readonly Right<$util.Input<string>>[];
  environment: Record<string, $util.Input<string>>;
  logDays: number;
  /** So many at once, kept from the account's quota; without it the function takes its part of what all have. */
  reserved?: number | undefined;
  /** Of a call that nobody waits for, when it fails; Lambda's own two where absent. */
  retries?: number;
  /** An address of its own. It takes everybody's requests: who they are is for the function to find out. */
  url?: boolean;
}

export function createFunction(name: FunctionName, settings: FunctionSettings): sst.aws.Function {
  const { file, memoryMb, timeoutSeconds, ...kind } = entryPoints[name];
  const title = titleOf(name);
  const log = new aws.cloudwatch.LogGroup(`${title}Log`, {
    name: `/drover/${$app.stage}/${name}`,
    retentionInDays: settings.logDays,
  });
  return new sst.aws.Function(title, {
    handler: file.replace(/\.ts$/, ".handler"),
    runtime: "nodejs24.x",
    architecture: "arm64",
    memory: `${memoryMb} MB`,
    timeout: `${timeoutSeconds} seconds`,
    streaming: "streams" in kind,
    nodejs: { ...bundling },
    environment: { NODE_OPTIONS: "--enable-source-maps", ...settings.environment },
    logging: { logGroup: log.name, format: "json" },
    ...(settings.reserved !== undefined && { concurrency: { reserved: settings.reserved } }),
    ...(settings.retries !== undefined && { retries: settings.retries }),
    ...(settings.url && { url: { authorization: "none", cors: false } }),
    permissions: [
      ...settings.rights,
      { actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [$interpolate`${log.arn}:*`] },
    ],
    transform: {
      // Of a call that went well nothing is written: its lines would cost more than the call, and metrics count it anyway.
      function: (fn) => {
        fn.loggingConfig = { logFormat: "JSON", logGroup: log.name, systemLogLevel: "WARN" };
      },
      role: (role) => {
        // `sst dev` needs what it adds; what is deployed does not: the account as a whole could take on each role,
        // and each could write every log.
        if ($dev) return;
        role.assumeRolePolicy = trust("lambda.amazonaws.com");
        role.managedPolicyArns = [];
      },
    },
  });
}
