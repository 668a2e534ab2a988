// What must the table, the queues and the bucket be like?
import { expect } from "vitest";
import { tableDefinition } from "../../../../functions/aws/table-definition.ts";
import { entryPoints } from "../../../../infra/aws/entry-points.ts";
import { ofType, one } from "../../../../scripts/synth/graph.ts";
import type { Rule } from "./rule.ts";

const table = "aws:dynamodb/table:Table";
const queue = "aws:sqs/queue:Queue";
const source = "aws:lambda/eventSourceMapping:EventSourceMapping";
const bucket = "aws:s3/bucket:Bucket";
const lifecycle = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";

export const storageRules: Rule[] = [
  {
    rule: "the table has the keys and indexes of its one definition",
    check: (graph) => {
      const { inputs } = one(graph, table);
      const { KeySchema = [], GlobalSecondaryIndexes = [] } = tableDefinition;
      expect([inputs.hashKey, inputs.rangeKey]).toEqual(KeySchema.map(({ AttributeName }) => AttributeName));
      const indexes = inputs.globalSecondaryIndexes.map((index: Record<string, string>) => [
        index.name,
        index.hashKey,
        index.rangeKey,
        index.projectionType,
      ]);
      expect(indexes).toEqual(
        GlobalSecondaryIndexes.map((index) => [
          index.IndexName,
          ...(index.KeySchema ?? []).map(({ AttributeName }) => AttributeName),
          index.Projection?.ProjectionType,
        ]),
      );
    },
    breakIt: (graph) => {
      one(graph, table).inputs.globalSecondaryIndexes[0].projectionType = "ALL";
    },
  },
  {
    rule: "the table declares the attributes of its keys, and no others, which AWS would refuse",
    check: (graph) => {
      const { inputs } = one(graph, table);
      const declared = inputs.attributes.map(({ name }: { name: string }) => name);
      expect(declared.sort()).toEqual(
        tableDefinition.AttributeDefinitions?.map(({ AttributeName }) => AttributeName).sort(),
      );
    },
    breakIt: (graph) => one(graph, table).inputs.attributes.push({ name: "status", type: "S" }),
  },
  {
    rule: "the table is paid by request, can be put back to any second, and forgets what has expired",
    check: (graph) => {
      expect(one(graph, table).inputs).toMatchObject({
        billingMode: "PAY_PER_REQUEST",
        pointInTimeRecovery: { enabled: true },
        ttl: { attributeName: "expiresAt", enabled: true },
      });
    },
    breakIt: (graph) => {
      one(graph, table).inputs.pointInTimeRecovery.enabled = false;
    },
  },
  {
    rule: "production's table cannot be deleted by mistake; a preview's goes with its stage",
    check: (graph, stage) => {
      const { inputs, options } = one(graph, table);
      const isKept = stage === "production";
      expect([inputs.deletionProtectionEnabled, options.retainOnDelete]).toEqual([isKept, isKept]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, table);
      inputs.deletionProtectionEnabled = !inputs.deletionProtectionEnabled;
    },
  },
  {
    rule: "every queue but the dead ones gives up to a dead-letter queue of its own",
    check: (graph) => {
      const queues = ofType(graph, queue);
      const living = queues.filter(({ name }) => !name.endsWith("DeadQueue"));
      expect(living.length * 2).toBe(queues.length);
      for (const { name, inputs } of living) {
        const dead = one(graph, queue, new RegExp(`^${name.replace(/Queue$/, "DeadQueue")}$`));
        const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(inputs.redrivePolicy);
        expect(deadLetterTargetArn.endsWith(`:${dead.inputs.name}`)).toBe(true);
        expect(maxReceiveCount).toBe(name === "RequestsQueue" ? 1_000 : 5);
      }
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, queue, /^WakeUpsQueue$/);
      inputs.redrivePolicy = inputs.redrivePolicy.replace("Dead", "");
    },
  },
  {
    rule: "a message stays hidden for six times as long as its function may take",
    check: (graph) => {
      const secondsOf = (name: RegExp) => one(graph, queue, name).inputs.visibilityTimeoutSeconds;
      expect(secondsOf(/^WakeUpsQueue$/)).toBe(6 * entryPoints.dispatcher.timeoutSeconds);
      expect(secondsOf(/^WakeUpsDeadQueue$/)).toBeGreaterThanOrEqual(6 * entryPoints.deadLetter.timeoutSeconds);
      expect(secondsOf(/^NoticesQueue$/)).toBe(6 * entryPoints.notify.timeoutSeconds);
    },
    breakIt: (graph) => {
      one(graph, queue, /^NoticesQueue$/).inputs.visibilityTimeoutSeconds = 30;
    },
  },
  {
    rule: "queues keep messages for the longest time that there is, and encrypted",
    check: (graph) => {
      for (const { inputs } of ofType(graph, queue)) {
        expect(inputs).toMatchObject({ messageRetentionSeconds: 14 * 24 * 60 * 60, sqsManagedSseEnabled: true });
      }
    },
    breakIt: (graph) => {
      one(graph, queue, /^NoticesDeadQueue$/).inputs.messageRetentionSeconds = 345_600;
    },
  },
  {
    rule: "of a batch only what failed is delivered again",
    check: (graph) => {
      for (const { inputs } of ofType(graph, source)) {
        expect(inputs.functionResponseTypes).toEqual(["ReportBatchItemFailures"]);
      }
    },
    breakIt: (graph) => {
      one(graph, source, /^WakeUpsSource$/).inputs.functionResponseTypes = [];
    },
  },
  {
    rule: "few dispatchers run at once, as Fargate takes few launches; no other queue calls many either",
    check: (graph, stage) => {
      const atOnce = (name: RegExp) => one(graph, source, name).inputs.scalingConfig.maximumConcurrency;
      expect(atOnce(/^WakeUpsSource$/)).toBe(stage === "production" ? 5 : 2);
      for (const { inputs } of ofType(graph, source)) {
        expect(inputs.scalingConfig.maximumConcurrency).toBeGreaterThanOrEqual(2);
        expect(inputs.scalingConfig.maximumConcurrency).toBeLessThanOrEqual(5);
      }
    },
    breakIt: (graph) => {
      one(graph, source, /^WakeUpsSource$/).inputs.scalingConfig.maximumConcurrency = 100;
    },
  },
  {
    rule: "each queue calls its own function: wake-ups the dispatcher, dead ones the dead-letter function, notices notify",
    check: (graph) => {
      const pairs = ofType(graph, source).map(({ inputs }) =>
        [inputs.eventSourceArn, inputs.functionName].map((arn: string) => /[:-]([A-Za-z]+)-[a-z]+$/.exec(arn)?.[1]),
      );
      expect(pairs.filter(([name]) => name !== "RequestsQueue")).toEqual([
        ["WakeUpsDeadQueue", "DeadLetterFunction"],
        ["NoticesQueue", "NotifyFunction"],
        ["WakeUpsQueue", "DispatcherFunction"],
      ]);
      const requests = pairs.filter(([name]) => name === "RequestsQueue").map(([, fn]) => fn);
      expect(requests.every((fn) => fn === "IntakeFunction")).toBe(true);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, source, /^WakeUpsSource$/);
      inputs.functionName = inputs.functionName.replace("Dispatcher", "DeadLetter");
    },
  },
  {
    rule: "artifacts of tasks expire, the audit log's files never do",
    check: (graph, stage) => {
      const { rules } = one(graph, lifecycle, /^Artifacts/).inputs;
      const expiring = rules.filter((rule: { expiration?: unknown }) => rule.expiration);
      expect(expiring).toEqual([
        expect.objectContaining({
          status: "Enabled",
          filter: { prefix: "tasks/" },
          expiration: { days: stage === "production" ? 90 : 7 },
        }),
      ]);
    },
    breakIt: (graph) => {
      delete one(graph, lifecycle, /^Artifacts/).inputs.rules[0].filter;
    },
  },
  {
    rule: "what was uploaded in part is cleared away after a day",
    check: (graph) => {
      const { rules } = one(graph, lifecycle, /^Artifacts/).inputs;
      expect(rules).toContainEqual(
        expect.objectContaining({ status: "Enabled", abortIncompleteMultipartUpload: { daysAfterInitiation: 1 } }),
      );
    },
    breakIt: (graph) => one(graph, lifecycle, /^Artifacts/).inputs.rules.pop(),
  },
  {
    rule: "no bucket is public, and none speaks without TLS",
    check: (graph) => {
      const blocks = ofType(graph, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
      expect(blocks).toHaveLength(ofType(graph, bucket).length);
      for (const { inputs } of blocks) {
        expect(inputs).toMatchObject({
          blockPublicAcls: true,
          blockPublicPolicy: true,
          ignorePublicAcls: true,
          restrictPublicBuckets: true,
        });
      }
      for (const { inputs } of ofType(graph, "aws:s3/bucketPolicy:BucketPolicy")) {
        const deny = JSON.parse(inputs.policy).Statement.find(({ Effect }: { Effect: string }) => Effect === "Deny");
        expect(deny).toMatchObject({ Action: ["s3:*"], Condition: { Bool: { "aws:SecureTransport": ["false"] } } });
      }
    },
    breakIt: (graph) => {
      one(graph, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", /^Artifacts/).inputs.blockPublicPolicy =
        false;
    },
  },
  {
    rule: "production's artifacts are never deleted along with their bucket",
    check: (graph, stage) => {
      const { inputs, options } = one(graph, bucket, /^Artifacts/);
      const isKept = stage === "production";
      expect([inputs.forceDestroy, options.retainOnDelete]).toEqual([!isKept, isKept]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, bucket, /^Artifacts/);
      inputs.forceDestroy = !inputs.forceDestroy;
    },
  },
  {
    rule: "no page of another origin may use the artifacts",
    check: (graph) => {
      expect(ofType(graph, "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration", /^Artifacts/)).toEqual([]);
    },
    breakIt: (graph) =>
      graph.resources.push({
        type: "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        name: "ArtifactsCors",
        inputs: {},
        secrets: [],
        options: {},
      }),
  },
];
