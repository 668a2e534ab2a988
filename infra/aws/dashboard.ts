// What does an operator see in CloudWatch? Functions, queues and table side by side, for when drover's own dashboard is silent.
import { type MetricName, roundMetrics } from "../../functions/core/metrics.ts";
import { failureClasses } from "../../functions/core/task.ts";
import { ownNamespace } from "./alarms.ts";
import type { QueuePair } from "./queue.ts";

interface Shown {
  functions: Record<string, sst.aws.Function>;
  queues: Record<string, QueuePair>;
  table: sst.aws.Dynamo;
}

type Line = [namespace: string, metric: string, ...dimensions: string[]];

export function createOperatorDashboard({ functions, queues, table }: Shown): void {
  const names = $util.output({
    region: aws.getRegionOutput({}).region,
    table: table.name,
    functions: mapValues(functions, ({ name }) => name),
    queues: mapValues(queues, ({ queue, dead }) => [queue.nodes.queue.name, dead.nodes.queue.name]),
  });
  new aws.cloudwatch.Dashboard("Operator", {
    dashboardName: `drover-${$app.stage}`,
    dashboardBody: $jsonStringify(
      names.apply(({ region, table, functions, queues }) => {
        const perFunction = (metric: string): Line[] =>
          Object.values(functions).map((name) => ["AWS/Lambda", metric, "FunctionName", name]);
        const perQueue = (metric: string): Line[] =>
          Object.values(queues)
            .flat()
            .map((name) => ["AWS/SQS", metric, "QueueName", name]);
        const ofTable = (...metrics: string[]): Line[] =>
          metrics.map((metric) => ["AWS/DynamoDB", metric, "TableName", table]);
        return {
          widgets: [
            plot(0, "Invocations", region, perFunction("Invocations"), "Sum"),
            plot(1, "Errors and throttles", region, [...perFunction("Errors"), ...perFunction("Throttles")], "Sum"),
            plot(2, "How long functions take (99 of 100)", region, perFunction("Duration"), "p99"),
            plot(3, "Messages that wait", region, perQueue("ApproximateNumberOfMessagesVisible"), "Maximum"),
            plot(4, "Age of the oldest message", region, perQueue("ApproximateAgeOfOldestMessage"), "Maximum"),
            plot(
              5,
              "Table",
              region,
              ofTable("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "TransactionConflict"),
              "Sum",
            ),
            plot(6, "Agents, the queue's age, stops to be confirmed", region, ofDrover(...roundMetrics), "Maximum"),
            plot(7, "Attempts that failed or were put back", region, [...ofDrover("PutBacks"), ...failures()], "Sum"),
          ],
        };
      }),
    ),
  });
}

const ofDrover = (...metrics: MetricName[]): Line[] => metrics.map((metric) => [ownNamespace(), metric]);
const failures = (): Line[] => failureClasses.map((one) => [ownNamespace(), "Failures", "Class", one]);

const [width, height] = [12, 6];

function plot(position: number, title: string, region: string, metrics: Line[], stat: string) {
  const [x, y] = [(position % 2) * width, Math.floor(position / 2) * height];
  return {
    type: "metric",
    x,
    y,
    width,
    height,
    properties: { title, region, metrics, stat, period: 300, view: "timeSeries" },
  };
}

const mapValues = <T, U>(object: Record<string, T>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
