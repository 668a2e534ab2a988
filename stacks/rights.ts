// Who may touch what on AWS? Each function's rights, action by action, on names that a stage is made of.
import type { FunctionName } from "../infra/aws/entry-points.ts";
import type { Right } from "../infra/aws/right.ts";

/** `A` is an ARN: a text, or what becomes one when the stage is deployed. */
export interface Names<A> {
  table: A;
  tableIndexes: A;
  wakeUps: A;
  deadWakeUps: A;
  notices: A;
  intake?: A;
  deadIntake?: A;
  outcomeBus?: A;
  bucket: A;
  taskArtifacts: A;
  auditFiles: A;
  tokenSecret: A;
  auditKey: A;
  auditPublicKey: A;
  credentials: A;
  webhookSecrets: A;
  clusters: readonly ClusterNames<A>[];
}

export interface ClusterNames<A> {
  cluster: A;
  /** Every task of it. */
  tasks: A;
  /** Every revision of its family. */
  taskDefinitions: A;
  executionRole: A;
}

export function rightsOf<A>(names: Names<A | string>): Record<FunctionName, Right<A | string>[]> {
  type Grants = Right<A | string>[];
  const on = (resource: A | string | undefined, ...actions: string[]): Grants =>
    resource === undefined ? [] : [{ actions, resources: [resource] }];

  const readTable: Grants = [
    ...on(names.table, "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"),
    ...on(names.tableIndexes, "dynamodb:Query"),
  ];
  /** A transaction needs the right to each thing that it does. */
  const writeTableAndKeys: Grants = [
    ...readTable,
    ...on(names.table, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"),
  ];
  /** A function that somebody has taken over makes itself no key of a super admin. */
  const writeTable: Grants = [
    ...writeTableAndKeys,
    {
      effect: "deny",
      actions: ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
      resources: [names.table],
      conditions: [{ test: "ForAnyValue:StringLike", variable: "dynamodb:LeadingKeys", values: ["key_*", "keys#*"] }],
    },
  ];
  const readSecret = (name: A | string): Grants => on(name, "ssm:GetParameter");
  /** To check the tokens of attempts, and sign sessions. */
  const common: Grants = readSecret(names.tokenSecret);
  const wake = on(names.wakeUps, "sqs:SendMessage");
  const announce = on(names.notices, "sqs:SendMessage");
  const receive = (queue: A | string | undefined): Grants =>
    on(queue, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes");
  const probe: Grants = [
    ...on(names.table, "dynamodb:DescribeTable"),
    ...on(names.wakeUps, "sqs:GetQueueAttributes"),
    ...names.clusters.flatMap(({ cluster }) => on(cluster, "ecs:DescribeClusters")),
  ];
  /** Without the right to list, S3 calls an object that is not there forbidden. */
  const readObjects = (objects: A | string): Grants => [
    ...on(objects, "s3:GetObject"),
    ...on(names.bucket, "s3:ListBucket"),
  ];

  const inCluster = (cluster: A | string) => [{ test: "ArnEquals", variable: "ecs:cluster", values: [cluster] }];
  const stopSandboxes: Grants = names.clusters.flatMap(({ cluster, tasks }) => [
    { actions: ["ecs:StopTask", "ecs:DescribeTasks"], resources: [tasks], conditions: inCluster(cluster) },
  ]);
  /** Those whose ARN nobody knows. */
  const findSandboxes: Grants = names.clusters.flatMap(({ cluster }) => [
    // Its resource is a container instance, which Fargate has none of: only the condition can name the cluster.
    { actions: ["ecs:ListTasks"], resources: ["*"], conditions: inCluster(cluster) },
  ]);
  const startSandboxes: Grants = names.clusters.flatMap(({ cluster, tasks, taskDefinitions, executionRole }) => [
    { actions: ["ecs:RunTask"], resources: [taskDefinitions], conditions: inCluster(cluster) },
    {
      actions: ["ecs:TagResource"],
      resources: [tasks],
      conditions: [{ test: "StringEquals", variable: "ecs:CreateAction", values: ["RunTask"] }],
    },
    {
      actions: ["iam:PassRole"],
      resources: [executionRole],
      conditions: [{ test: "StringEquals", variable: "iam:PassedToService", values: ["ecs-tasks.amazonaws.com"] }],
    },
  ]);

  return {
    api: [
      ...common,
      ...writeTableAndKeys,
      ...probe,
      ...wake,
      ...announce,
      ...stopSandboxes,
      ...findSandboxes,
      // What a supervisor may upload is signed with this right, for one object each.
      ...on(names.taskArtifacts, "s3:PutObject"),
      ...readObjects(names.taskArtifacts),
      ...on(names.auditFiles, "s3:GetObject"),
      ...on(
        names.credentials,
        "ssm:GetParameter",
        "ssm:GetParametersByPath",
        "ssm:PutParameter",
        "ssm:DeleteParameter",
      ),
      ...on(names.webhookSecrets, "ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"),
      ...readSecret(names.auditPublicKey),
    ],
    stream: [
      ...common,
      ...readTable,
      // It counts requests, and changes nothing else.
      {
        actions: ["dynamodb:UpdateItem"],
        resources: [names.table],
        conditions: [{ test: "ForAllValues:StringLike", variable: "dynamodb:LeadingKeys", values: ["requests#*"] }],
      },
      ...readObjects(names.auditFiles),
      ...readSecret(names.auditPublicKey),
    ],
    kill: [...common, ...writeTable, ...probe, ...wake, ...announce, ...stopSandboxes, ...findSandboxes],
    dispatcher: [
      ...common,
      ...writeTable,
      ...receive(names.wakeUps),
      ...wake,
      ...announce,
      ...startSandboxes,
      ...stopSandboxes,
      ...findSandboxes,
    ],
    deadLetter: [...common, ...writeTable, ...receive(names.deadWakeUps), ...wake, ...announce],
    reaper: [
      ...common,
      ...writeTable,
      ...names.clusters.flatMap(({ cluster }) => on(cluster, "ecs:DescribeClusters")),
      ...wake,
      ...announce,
      ...startSandboxes,
      ...stopSandboxes,
      ...findSandboxes,
      ...readSecret(names.credentials),
    ],
    digest: [
      ...common,
      ...readTable,
      {
        actions: ["dynamodb:PutItem"],
        resources: [names.table],
        conditions: [{ test: "ForAllValues:StringLike", variable: "dynamodb:LeadingKeys", values: ["digests"] }],
      },
      ...on(names.auditFiles, "s3:PutObject"),
      ...readObjects(names.auditFiles),
      ...readSecret(names.auditKey),
      ...readSecret(names.auditPublicKey),
    ],
    sandboxState: [...common, ...writeTable, ...wake, ...announce, ...stopSandboxes, ...readSecret(names.credentials)],
    notify: [
      ...common,
      ...writeTable,
      ...receive(names.notices),
      ...announce,
      ...readSecret(names.credentials),
      ...readSecret(names.webhookSecrets),
      ...on(names.outcomeBus, "events:PutEvents"),
    ],
    intake: [
      ...common,
      ...writeTable,
      ...receive(names.intake),
      ...on(names.intake, "sqs:ChangeMessageVisibility"),
      ...on(names.deadIntake, "sqs:SendMessage"),
      ...wake,
      ...readSecret(names.credentials),
    ],
  };
}
