// What are the functions told on one machine, where its environment says nothing else?
import type { Isolation } from "../functions/core/cloud.ts";
import { setUnlessGiven } from "../infra/local/environment.ts";
import { sandboxFamily } from "../infra/sandbox-containers.ts";

const region = "us-east-1";

/** What a stage on AWS tells of its own resources; everything is smaller and sooner here. */
export function setLocalSettings(awsSecretAccessKey: string, isolation: Isolation): void {
  setUnlessGiven({
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: "drover-local",
    AWS_SECRET_ACCESS_KEY: awsSecretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    DROVER_TABLE: "drover",
    DROVER_ARTIFACTS_BUCKET: "drover-artifacts",
    DROVER_CLUSTER: "drover",
    DROVER_TASK_DEFINITION: sandboxFamily,
    DROVER_SUBNETS: "subnet-local",
    DROVER_BACKENDS_OPEN: "loopback",
    DROVER_PARAMETERS: "/drover/local",
    // One person and their tools: a limit that only a loop gone wrong meets.
    DROVER_REQUESTS_PER_MINUTE: "3000",
    // Whoever launches runs in this process.
    DROVER_LAUNCHES_PER_SECOND: "20",
    // What comes in a burst waits for a table that is one process here.
    DROVER_REQUEST_TRY_MS: "60000",
    DROVER_BEAT_MS: "1000",
    DROVER_BEAT_CHARACTERS: "2000",
    DROVER_LOG_UPLOAD_MS: "5000",
    DROVER_PUSH_SETTLE_MS: "10000",
    DROVER_ISOLATION: JSON.stringify(isolation),
  });
}
