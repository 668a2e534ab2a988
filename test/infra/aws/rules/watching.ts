// What must somebody be told of? Of a stage that has alarms only.
import { expect } from "vitest";
import { metricUnits } from "../../../../functions/core/metrics.ts";
import { failureClasses } from "../../../../functions/core/task.ts";
import { ofType, one } from "../../../../scripts/synth/graph.ts";
import type { Rule } from "./rule.ts";

const alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
const topic = /:drover-production-alarms$/;

export const watchingRules: Rule[] = [
  {
    rule: "there is an alarm for every function that fails or answers that it failed, for logged errors, old wake-ups, dead notices, a reaper that is gone, stops that nobody confirms, and the table",
    check: (graph) => {
      expect(ofType(graph, alarm).map(({ name }) => name)).toEqual([
        "Api5xxAlarm",
        "ApiErrorsAlarm",
        "DeadLetterErrorsAlarm",
        "DeadWakeUpsOldAlarm",
        "DigestErrorsAlarm",
        "DispatcherErrorsAlarm",
        "Kill5xxAlarm",
        "KillErrorsAlarm",
        "KillThrottlesAlarm",
        "LoggedErrorsAlarm",
        "NoticesDeadAlarm",
        "NotifyErrorsAlarm",
        "ReaperErrorsAlarm",
        "ReaperGoneAlarm",
        "SandboxStateErrorsAlarm",
        "Stream5xxAlarm",
        "StreamErrorsAlarm",
        "TableReadsAlarm",
        "TableWritesAlarm",
        "UnconfirmedStopsAlarm",
        "WakeUpsOldAlarm",
      ]);
    },
    breakIt: (graph) => {
      graph.resources = graph.resources.filter(({ name }) => name !== "KillThrottlesAlarm");
    },
  },
  {
    rule: "every alarm tells, and says where to read what to do",
    check: (graph) => {
      for (const { inputs } of ofType(graph, alarm)) {
        expect(inputs.alarmActions).toEqual([expect.stringMatching(topic)]);
        expect(inputs.alarmDescription).toContain("docs/runbooks.md");
      }
      const { inputs } = one(graph, "aws:sns/topicSubscription:TopicSubscription");
      expect(inputs).toMatchObject({
        protocol: "email",
        endpoint: "ops@example.com",
        topic: expect.stringMatching(topic),
      });
    },
    breakIt: (graph) => {
      one(graph, alarm, /^ReaperGone/).inputs.alarmActions = [];
    },
  },
  {
    rule: "a reaper that is not called at all is noticed, although it says nothing",
    check: (graph) => {
      expect(one(graph, alarm, /^ReaperGone/).inputs).toMatchObject({
        metricName: "Invocations",
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        treatMissingData: "breaching",
      });
    },
    breakIt: (graph) => {
      one(graph, alarm, /^ReaperGone/).inputs.treatMissingData = "notBreaching";
    },
  },
  {
    rule: "a digest that fails is noticed at once, since it is tried once an hour",
    check: (graph) => expect(one(graph, alarm, /^DigestErrors/).inputs.evaluationPeriods).toBe(1),
    breakIt: (graph) => {
      one(graph, alarm, /^DigestErrors/).inputs.evaluationPeriods = 2;
    },
  },
  {
    rule: "an alarm looks at a metric in the dimensions that AWS keeps it in",
    check: (graph) => {
      const kept: Record<string, [string[], string[]]> = {
        "AWS/Lambda": [["Errors", "Throttles", "Invocations", "Url5xxCount"], ["FunctionName"]],
        "AWS/SQS": [["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"], ["QueueName"]],
        "AWS/DynamoDB": [["ReadThrottleEvents", "WriteThrottleEvents"], ["TableName"]],
        "drover/production": [["LoggedErrors", "UnconfirmedStops"], []],
      };
      for (const { inputs } of ofType(graph, alarm)) {
        const [metrics, dimensions] = kept[inputs.namespace] ?? [[], []];
        expect(metrics).toContain(inputs.metricName);
        expect(Object.keys(inputs.dimensions ?? {})).toEqual(dimensions);
      }
    },
    breakIt: (graph) => {
      one(graph, alarm, /^TableReads/).inputs.metricName = "SystemErrors";
    },
  },
  {
    rule: "what a function logs as an error is counted, of every function, in the metric that the alarm looks at",
    check: (graph) => {
      const { namespace, metricName } = one(graph, alarm, /^LoggedErrors/).inputs;
      const filters = ofType(graph, "aws:cloudwatch/logMetricFilter:LogMetricFilter").map(({ inputs }) => inputs);
      const logs = ofType(graph, "aws:lambda/function:Function").map(({ inputs }) => inputs.loggingConfig.logGroup);
      expect(filters.map(({ logGroupName }) => logGroupName).sort()).toEqual(logs.sort());
      for (const { pattern, metricTransformation } of filters) {
        expect(pattern).toBe('{ $.level = "ERROR" }');
        expect(metricTransformation).toEqual({ namespace, name: metricName, value: "1" });
      }
    },
    breakIt: (graph) => {
      graph.resources = graph.resources.filter(({ name }) => name !== "ReaperLoggedErrors");
    },
  },
  {
    rule: "alarms are about functions, queues and a table that are there",
    check: (graph) => {
      const there = graph.resources.map(({ inputs }) => inputs.name).filter(Boolean);
      for (const { name, inputs } of ofType(graph, alarm)) {
        for (const dimension of Object.values(inputs.dimensions ?? {}))
          expect([name, there.includes(dimension)]).toEqual([name, true]);
      }
    },
    breakIt: (graph) => {
      one(graph, alarm, /^WakeUpsOld/).inputs.dimensions.QueueName = "gone";
    },
  },
  {
    rule: "CloudWatch's dashboard shows every function, every queue and the table",
    check: (graph) => {
      const body = one(graph, "aws:cloudwatch/dashboard:Dashboard").inputs.dashboardBody;
      for (const type of ["aws:lambda/function:Function", "aws:sqs/queue:Queue", "aws:dynamodb/table:Table"]) {
        for (const { inputs } of ofType(graph, type)) expect(body).toContain(`"${inputs.name}"`);
      }
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, "aws:cloudwatch/dashboard:Dashboard");
      inputs.dashboardBody = inputs.dashboardBody.replaceAll("ReaperFunction", "Reaper");
    },
  },
  {
    rule: "drover's own numbers are told by every function into the namespace that alarm and dashboard look at, and all are shown",
    check: (graph) => {
      const { namespace } = one(graph, alarm, /^UnconfirmedStops/).inputs;
      for (const { inputs } of ofType(graph, "aws:lambda/function:Function"))
        expect(inputs.environment.variables.DROVER_METRICS).toBe(namespace);
      const body = one(graph, "aws:cloudwatch/dashboard:Dashboard").inputs.dashboardBody;
      for (const name of Object.keys(metricUnits)) expect(body).toContain(`["${namespace}","${name}"`);
      for (const name of failureClasses) expect(body).toContain(`["${namespace}","Failures","Class","${name}"]`);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, "aws:cloudwatch/dashboard:Dashboard");
      inputs.dashboardBody = inputs.dashboardBody.replace('"UnconfirmedStops"', '"Stops"');
    },
  },
  {
    rule: "what is made in another region has the tag that the budget finds its costs by",
    check: (graph) => {
      const regions = ofType(graph, "pulumi:providers:aws").filter(({ name }) => name.endsWith("Region"));
      expect(regions.map(({ inputs }) => JSON.parse(inputs.defaultTags).tags["sst:stage"])).toEqual(["production"]);
    },
    breakIt: (graph) => {
      one(graph, "pulumi:providers:aws", /Region$/).inputs.defaultTags = '{"tags":{}}';
    },
  },
  {
    rule: "a month that is, or is going to be, dearer than its budget is told of",
    check: (graph) => {
      const { inputs } = one(graph, "aws:budgets/budget:Budget");
      expect([inputs.limitAmount, inputs.timeUnit]).toEqual(["100", "MONTHLY"]);
      expect(inputs.costFilters).toEqual([{ name: "TagKeyValue", values: ["user:sst:stage$production"] }]);
      const told = inputs.notifications.map(({ notificationType, threshold }: Record<string, unknown>) => [
        notificationType,
        threshold,
      ]);
      expect(told).toEqual([
        ["ACTUAL", 80],
        ["ACTUAL", 100],
        ["FORECASTED", 100],
      ]);
    },
    breakIt: (graph) => one(graph, "aws:budgets/budget:Budget").inputs.notifications.pop(),
  },
];
