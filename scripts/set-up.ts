// `npm run set-up -- --stage production`: what a stage on AWS needs once, after its first deploy: its secrets, and a first API key.
// Run again it makes another key, for when the first is lost; secrets that are there stay.
import { parseArgs } from "node:util";
import { GetParameterCommand, ParameterNotFound, SSMClient } from "@aws-sdk/client-ssm";
import { createFirstKey, ensureTokenSecret } from "../infra/local/bootstrap.ts";

const { values } = parseArgs({
  options: { stage: { type: "string", default: "production" }, name: { type: "string", default: "owner" } },
});

/** As the stage's deploy has left it. Undefined where there was none. */
async function readEnvironment(stage: string): Promise<Record<string, string> | undefined> {
  try {
    const { Parameter } = await new SSMClient().send(new GetParameterCommand({ Name: `/drover/${stage}/environment` }));
    return JSON.parse(Parameter?.Value ?? "") as Record<string, string>;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

async function setUp({ stage, name }: { stage: string; name: string }): Promise<void> {
  const environment = await readEnvironment(stage);
  if (!environment) {
    const region = process.env.AWS_REGION ?? "the region of your profile";
    console.error(`Stage ${stage} was not deployed in ${region}. First: npx sst deploy --stage ${stage}`);
    process.exitCode = 1;
    return;
  }
  Object.assign(process.env, environment);
  await ensureTokenSecret(String(environment.DROVER_PARAMETERS));
  const apiKey = await createFirstKey(name);
  console.log(`Stage ${stage} is set up: ${environment.DROVER_PUBLIC_ORIGIN}
API key of ${name}, who may do everything: ${apiKey}
It is shown this once. Sign in with it, or:
  export DROVER_URL=${environment.DROVER_PUBLIC_ORIGIN} DROVER_API_KEY=…
  npx drover doctor`);
}

await setUp(values);
