// What of a stage on AWS is there without the rest? A table and parameters, and the variables that its deploy leaves.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { createTable } from "../../infra/local/bootstrap.ts";
import { startDynoxide } from "../../infra/local/dynoxide.ts";
import { startSsm } from "../../infra/local/ssm.ts";

/** As functions read them; what is named and not there is not asked. */
export const stageVariables = (parameters: string, more: Record<string, string> = {}): Record<string, string> => ({
  DROVER_TABLE: "drover",
  DROVER_WAKE_QUEUE_URL: "https://sqs.example.com/wake-ups",
  DROVER_NOTIFY_QUEUE_URL: "https://sqs.example.com/notices",
  DROVER_ARTIFACTS_BUCKET: "artifacts",
  DROVER_CLUSTER: "cluster",
  DROVER_TASK_DEFINITION: "sandbox",
  DROVER_SUBNETS: "subnet-1",
  DROVER_PARAMETERS: parameters,
  ...more,
});

/** In the environment of this process, which has one stage only. */
export function useStageServices(variables: Record<string, string>): void {
  const closers: (() => Promise<void>)[] = [];
  const dir = mkdtempSync(join(tmpdir(), "drover-stage-"));
  beforeAll(async () => {
    const [dynamo, ssm] = await Promise.all([
      startDynoxide({ dbPath: join(dir, "table.db") }),
      startSsm({ file: join(dir, "parameters.json") }),
    ]);
    closers.push(dynamo.close, ssm.close);
    Object.assign(process.env, {
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
      AWS_ENDPOINT_URL_SSM: ssm.url,
      ...variables,
    });
    await createTable(String(variables.DROVER_TABLE));
  });
  afterAll(async () => {
    for (const close of closers) await close();
    rmSync(dir, { recursive: true, force: true });
  });
}
