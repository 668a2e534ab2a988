// Which services of AWS have a stand-in on one machine, and how do the functions find it? Whoever names another endpoint gets that.
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Endpoint } from "../infra/local/aws-json.ts";
import { createTable } from "../infra/local/bootstrap.ts";
import { startDynoxide } from "../infra/local/dynoxide.ts";
import { endpointVariable, isGiven, setUnlessGiven } from "../infra/local/environment.ts";
import { startEvents } from "../infra/local/events.ts";
import { sweepExpired } from "../infra/local/expiry.ts";
import { startS3 } from "../infra/local/s3.ts";
import { startSchedule } from "../infra/local/schedule.ts";
import { type LocalSqs, startSqs } from "../infra/local/sqs.ts";
import { startSsm } from "../infra/local/ssm.ts";
import type { Parts } from "./local-parts.ts";
import { queuesOf, setQueues } from "./local-queues.ts";

/** Those that something may be put before. ECS is not started here: its sandboxes need the address of the API. */
export type Interposable = "DYNAMODB" | "ECS" | "SQS" | "EVENTBRIDGE";
export type Interpose = (service: Interposable, url: string) => Promise<string>;

interface Where {
  /** The data directory. */
  path: string;
  s3Port: number;
  parts: Parts;
  interpose: Interpose;
}

interface Services {
  sqs: LocalSqs;
  /** A queue's URL as the functions shall use it. */
  urlOf(name: string): string;
  /** What DynamoDB does by itself to items that have expired, where the table is ours. */
  startExpiry(): void;
}

const expiryEveryMs = 15 * 60_000;

/** With the table, which is made if it is not there. */
export async function startServices({ path, s3Port, parts, interpose }: Where): Promise<Services> {
  const tableName = String(process.env.DROVER_TABLE);
  const serve = async (service: string, start: () => Promise<Endpoint>) => {
    if (isGiven(service)) return;
    const { url } = parts.started(await start());
    const through = service === "DYNAMODB" || service === "EVENTBRIDGE" ? await interpose(service, url) : url;
    setUnlessGiven({ [endpointVariable(service)]: through });
  };
  const hasOwnTable = !isGiven("DYNAMODB");
  await serve("DYNAMODB", () => startDynoxide({ dbPath: join(path, "dynamodb", "drover.db") }));
  await serve("S3", () =>
    startS3({
      dir: join(path, "s3"),
      buckets: [String(process.env.DROVER_ARTIFACTS_BUCKET)],
      credentials: {
        accessKeyId: String(process.env.AWS_ACCESS_KEY_ID),
        secretAccessKey: String(process.env.AWS_SECRET_ACCESS_KEY),
      },
      port: s3Port,
    }),
  );
  await serve("SSM", () => startSsm({ file: join(path, "parameters.json") }));
  // Only for those who want outcomes there, as on AWS.
  if (process.env.DROVER_OUTCOME_BUS) {
    await serve("EVENTBRIDGE", () => startEvents({ file: join(path, "outcomes.ndjson") }));
  }
  const sqs = parts.started(await startSqs({ queues: queuesOf(path) }));
  const sqsUrl = await interpose("SQS", sqs.url);
  const urlOf = (name: string) => sqs.queueUrl(name).replace(sqs.url, sqsUrl);
  setQueues(urlOf);
  setUnlessGiven({ [endpointVariable("SQS")]: sqsUrl });
  await createTable(tableName);
  return { sqs, urlOf, startExpiry: () => hasOwnTable && sweepTable(tableName, parts) };
}

function sweepTable(tableName: string, parts: Parts): void {
  const client = new DynamoDBClient();
  const schedule = startSchedule({
    everyMs: expiryEveryMs,
    run: async () => void (await sweepExpired(client, tableName, Date.now())),
    onError: (error) => console.error("what has expired was not deleted; it is tried again", error),
  });
  parts.atEnd(async () => {
    await schedule.stop();
    client.destroy();
  });
}
