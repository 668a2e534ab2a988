// Where do several backlogs stand side by side? In tables of one local DynamoDB, each with a cloud that works on it.
import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createApp } from "../../../functions/api/app.ts";
import { openNotices } from "../../../functions/aws/notices.ts";
import { openTable } from "../../../functions/aws/table.ts";
import { cloudOfThisProcess } from "../../../functions/cloud.ts";
import type { Cloud } from "../../../functions/core/cloud.ts";
import type { TaskId } from "../../../functions/core/ids.ts";
import { createTable, ensureTokenSecret } from "../../../infra/local/bootstrap.ts";
import { startDynoxide } from "../../../infra/local/dynoxide.ts";
import { startEcs } from "../../../infra/local/ecs/endpoint.ts";
import { startS3 } from "../../../infra/local/s3.ts";
import { startSqs } from "../../../infra/local/sqs.ts";
import { startSsm } from "../../../infra/local/ssm.ts";
import { addKey } from "../stack/add-key.ts";
import { requestFor } from "../stack/life.ts";
import { openPuppets, puppetCluster } from "../stack/puppets.ts";
import { countReads, type Reads } from "./count-reads.ts";
import { fillTable } from "./fill-table.ts";

export interface Backlog {
  name: string;
  cloud: Cloud;
  takeReads(): Reads;
  /** A request to the API, by somebody who may do everything. */
  ask(method: string, path: string, body?: object): Promise<Response>;
  /** One of those that wait, from anywhere in the table. */
  anyTask(): TaskId;
  /** One more waits in the place of one that has ended. */
  replace(ended: TaskId): Promise<void>;
}

const memoryDisk = "/dev/shm";
/** Twice as much as it takes here. */
const bytesOfTask = 10_000;

/** In memory, where there is room: each row is synced to the disk as it is written, which takes far longer than the write. */
export function chooseDisk(sizes: readonly number[]): string {
  const wantedBytes = sizes.reduce((sum, size) => sum + size, 0) * bytesOfTask;
  if (!existsSync(memoryDisk)) return tmpdir();
  const { bavail, bsize } = statfsSync(memoryDisk);
  return bavail * bsize > wantedBytes ? memoryDisk : tmpdir();
}

const credentials = { accessKeyId: "bench", secretAccessKey: "a secret of the bench" };

/** The services of AWS that the flows need, and nobody who works by himself: no trigger, no reaper. */
export async function startServices(home: string, closers: (() => Promise<void>)[]): Promise<void> {
  const started = <T extends { close(): Promise<void> }>(part: T): T => {
    closers.push(() => part.close());
    return part;
  };
  const queues = ["wake-ups", "notices"].map((name) => ({ name, visibilityTimeoutMs: 60_000 }));
  const dynamo = started(await startDynoxide({ dbPath: join(home, "dynamodb", "tables.db") }));
  const ssm = started(await startSsm({ file: join(home, "parameters.json") }));
  const sqs = started(await startSqs({ queues }));
  const s3 = started(await startS3({ dir: join(home, "s3"), buckets: ["artifacts"], credentials, port: 0 }));
  const ecs = started(
    await startEcs({
      ...puppetCluster,
      stateDir: join(home, "puppets"),
      runtime: openPuppets(() => undefined).runtime,
      onStateChange: () => undefined,
    }),
  );
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_ECS: ecs.url,
    DROVER_TABLE: "drover",
    DROVER_WAKE_QUEUE_URL: sqs.queueUrl("wake-ups"),
    DROVER_NOTIFY_QUEUE_URL: sqs.queueUrl("notices"),
    DROVER_ARTIFACTS_BUCKET: "artifacts",
    DROVER_CLUSTER: puppetCluster.cluster,
    DROVER_TASK_DEFINITION: puppetCluster.taskDefinitions[0]?.family,
    DROVER_SUBNETS: "subnet-1",
    DROVER_PARAMETERS: "/drover/bench",
    DROVER_LAUNCHES_PER_SECOND: "1000000",
    DROVER_REQUESTS_PER_MINUTE: "1000000000",
    DROVER_QUEUE_LIMIT: "1000000000",
  });
  await ensureTokenSecret("/drover/bench");
}

/** A table of its own, in which so many tasks wait, and one. */
export async function openBacklog(name: string, size: number, repository: string): Promise<Backlog> {
  const tableName = `backlog-${name.replaceAll(/\W+/g, "-")}`;
  await createTable(tableName);
  const client = new DynamoDBClient();
  const takeReads = countReads(client);
  const dynamo = { client, tableName };
  const cloud = { ...(await cloudOfThisProcess()), table: openTable(dynamo), notices: openNotices(dynamo) };
  const apiKey = await addKey(cloud);
  const app = createApp(async () => cloud);
  const ask: Backlog["ask"] = async (method, path, body) => {
    const headers = { "x-api-key": apiKey, "content-type": "application/json" };
    const sent = body ? { body: JSON.stringify(body) } : {};
    const answer = await app.request(`/api/orchestrator${path}`, { method, headers, ...sent });
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const made = (await (await ask("POST", "/tasks", requestFor(repository))).json()) as { taskId: TaskId };
  const ids = await fillTable(dynamo, made.taskId, size);
  return {
    ...{ name, cloud, takeReads, ask },
    anyTask: () => ids[Math.floor(Math.random() * ids.length)] ?? made.taskId,
    async replace(ended) {
      const [added] = await fillTable(dynamo, made.taskId, 1);
      if (added && ids.includes(ended)) ids[ids.indexOf(ended)] = added;
    },
  };
}
