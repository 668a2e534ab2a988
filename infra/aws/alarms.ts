// What must a person hear of at once? Functions that fail, queues that grow, a reaper that does not come.
import type { MetricName } from "../../functions/core/metrics.ts";
import { type FunctionName, titleOf } from "./entry-points.ts";
import type { QueuePair } from "./queue.ts";

interface Watched {
  functions: Partial<Record<FunctionName, sst.aws.Function>>;
  wakeUps: QueuePair;
  notices: QueuePair;
  intake?: QueuePair | undefined;
  table: sst.aws.Dynamo;
  /** Of walled networks. */
  filters: aws.ec2.Instance[];
}

type Metric = Pick<aws.cloudwatch.MetricAlarmArgs, "namespace" | "metricName" | "dimensions">;

const minuteS = 60;

export function createAlarms(mailbox: string, { functions, wakeUps, notices, intake, table, filters }: Watched): void {
  const topic = new aws.sns.Topic("Alarms", { name: `drover-${$app.stage}-alarms` });
  // It is quiet until whoever reads the mailbox has confirmed.
  new aws.sns.TopicSubscription("AlarmsMail", { topic: topic.arn, protocol: "email", endpoint: mailbox });

  const alarm = (name: string, what: string, metric: Metric, rest: Partial<aws.cloudwatch.MetricAlarmArgs>) =>
    new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
      alarmDescription: `drover ${$app.stage}: ${what}. See docs/runbooks.md.`,
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      statistic: "Sum",
      period: 5 * minuteS,
      evaluationPeriods: 1,
      treatMissingData: "notBreaching",
      ...metric,
      alarmActions: [topic.arn],
      okActions: [topic.arn],
      ...rest,
    });

  for (const name of ["api", "stream", "kill"] as const) {
    const fn = functions[name];
    // Whoever asks gets an answer also when something failed: for Lambda that is no error.
    if (fn) {
      alarm(`${titleOf(name)}5xx`, `the function ${name} answers that it failed`, ofFunction(fn, "Url5xxCount"), {
        evaluationPeriods: 2,
      });
    }
  }
  watchLogs(functions);
  alarm("LoggedErrors", "functions log errors: what failed is tried again, and fails again", loggedErrors(), {
    evaluationPeriods: 3,
  });
  for (const [name, fn] of Object.entries(functions)) {
    const metric = (metricName: string) => ofFunction(fn, metricName);
    // What is called once an hour does not fail twice in a row of these periods.
    const evaluationPeriods = name === "digest" ? 1 : 2;
    alarm(`${titleOf(name)}Errors`, `the function ${name} fails`, metric("Errors"), { evaluationPeriods });
    if (name === "kill")
      alarm("KillThrottles", "kills are turned away for want of concurrency", metric("Throttles"), {});
  }
  if (functions.reaper) {
    alarm("ReaperGone", "no round of the reaper for ten minutes", ofFunction(functions.reaper, "Invocations"), {
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      evaluationPeriods: 2,
      treatMissingData: "breaching",
    });
  }
  alarm("UnconfirmedStops", "sandboxes were told to stop, and nobody has confirmed it", ofDrover("UnconfirmedStops"), {
    statistic: "Maximum",
    evaluationPeriods: 2,
  });
  alarm("WakeUpsOld", "wake-ups wait for ten minutes: tasks are not dispatched", ofQueue(wakeUps.queue, ageMetric), {
    statistic: "Maximum",
    threshold: 10 * minuteS,
  });
  alarm("DeadWakeUpsOld", "wake-ups that were given up wait for ten minutes", ofQueue(wakeUps.dead, ageMetric), {
    statistic: "Maximum",
    threshold: 10 * minuteS,
  });
  alarm("NoticesDead", "notices could not be sent, and were given up", ofQueue(notices.dead, depthMetric), {
    statistic: "Maximum",
  });
  if (intake) {
    alarm(
      "IntakeDead",
      "requests from the intake queue were given up, with the reason",
      ofQueue(intake.dead, depthMetric),
      {
        statistic: "Maximum",
      },
    );
  }
  // Of DynamoDB's metrics these are kept by table alone, and not by operation.
  for (const what of ["Read", "Write"]) {
    alarm(`Table${what}s`, `DynamoDB turns ${what.toLowerCase()}s away`, ofTable(table, `${what}ThrottleEvents`), {
      evaluationPeriods: 2,
    });
  }
  for (const { id } of filters) {
    alarm(
      "FilterDown",
      "the filter is down: sandboxes reach nobody, and none starts",
      { namespace: "AWS/EC2", metricName: "StatusCheckFailed", dimensions: { InstanceId: id } },
      { statistic: "Maximum" },
    );
  }
}

/** A batch, a step of the reaper and an answer go on past what fails in them, and log it: of all functions one metric. */
function watchLogs(functions: Watched["functions"]): void {
  const { namespace, metricName } = loggedErrors();
  for (const [name, { nodes }] of Object.entries(functions)) {
    new aws.cloudwatch.LogMetricFilter(`${titleOf(name)}LoggedErrors`, {
      logGroupName: nodes.function.loggingConfig.logGroup,
      pattern: '{ $.level = "ERROR" }',
      metricTransformation: { namespace, name: metricName, value: "1" },
    });
  }
}

/** Of drover's own metrics. */
export const ownNamespace = () => `drover/${$app.stage}`;
const ofDrover = (metricName: MetricName): Metric => ({ namespace: ownNamespace(), metricName });
const loggedErrors = () => ({ namespace: ownNamespace(), metricName: "LoggedErrors" });
const ageMetric = "ApproximateAgeOfOldestMessage";
const depthMetric = "ApproximateNumberOfMessagesVisible";

const ofFunction = (fn: sst.aws.Function, metricName: string): Metric => ({
  namespace: "AWS/Lambda",
  metricName,
  dimensions: { FunctionName: fn.name },
});
const ofQueue = ({ nodes }: sst.aws.Queue, metricName: string): Metric => ({
  namespace: "AWS/SQS",
  metricName,
  dimensions: { QueueName: nodes.queue.name },
});
const ofTable = (table: sst.aws.Dynamo, metricName: string): Metric => ({
  namespace: "AWS/DynamoDB",
  metricName,
  dimensions: { TableName: table.name },
});
