// What must every function be like, and what calls it?
import { expect } from "vitest";
import type { operatorVariables } from "../../../../functions/environment.ts";
import { entryPoints, titleOf } from "../../../../infra/aws/entry-points.ts";
import { type Graph, ofType, one } from "../../../../scripts/synth/graph.ts";
import type { Rule } from "./rule.ts";

const fn = "aws:lambda/function:Function";
const url = "aws:lambda/functionUrl:FunctionUrl";
const role = "aws:iam/role:Role";
const rule = "aws:cloudwatch/eventRule:EventRule";
const log = "aws:cloudwatch/logGroup:LogGroup";

/** All that the owner of a stage may set of them. */
export const limits = {
  ...{ DROVER_SLOTS: "30", DROVER_SLOTS_PER_WORKSPACE: "9", DROVER_SLOTS_PER_BACKEND: "8" },
  ...{ DROVER_SLOTS_PER_REPOSITORY: "7", DROVER_REQUESTS_PER_MINUTE: "600", DROVER_QUEUE_LIMIT: "5000" },
  ...{ DROVER_MAX_QUEUE_AGE_MS: "86400000", DROVER_LAUNCHES_PER_SECOND: "2.5", DROVER_LAUNCH_LIMIT_MS: "240000" },
  ...{ DROVER_LEASE_MS: "80000", DROVER_BEAT_MS: "20000", DROVER_BEAT_CHARACTERS: "100" },
  ...{ DROVER_LOG_UPLOAD_MS: "200000", DROVER_PATIENCE_MS: "800000", DROVER_WALL_CLOCK_MARGIN_MS: "3600000" },
  ...{ DROVER_PUSH_SETTLE_MS: "100000", DROVER_INTAKE_PRINCIPAL: "ci", DROVER_INTAKE_MAX_RECEIVES: "50" },
  ...{ DROVER_WEBHOOKS_BACKOFF_MS: "1000,2000", DROVER_WEBHOOKS_TIMEOUT_MS: "5000", DROVER_MODELS: "{}" },
} satisfies Record<keyof typeof operatorVariables, string>;

const environmentOf = (graph: Graph, name: string): Record<string, string> =>
  one(graph, fn, new RegExp(`^${name}Function$`)).inputs.environment.variables;

/** In a graph that has an intake; a stage without one has no such function. */
const namesIn = (graph: Graph) =>
  Object.keys(entryPoints).filter((name) => name !== "intake" || ofType(graph, fn, /^IntakeFunction$/).length > 0);

export const functionRules: Rule[] = [
  {
    rule: "there is one function for each entry point, built from its file",
    check: (graph) => {
      const expected = Object.entries(entryPoints).filter(([name]) => namesIn(graph).includes(name));
      expect(graph.handlers).toEqual(expected.map(([, { file }]) => file.replace(/\.ts$/, ".handler")).sort());
      expect(ofType(graph, fn).map(({ name }) => name)).toEqual(
        namesIn(graph)
          .map((name) => `${titleOf(name)}Function`)
          .sort(),
      );
    },
    breakIt: (graph) => graph.handlers.pop(),
  },
  {
    rule: "functions run on Node 24 and arm64, with the memory and the time of their entry point",
    check: (graph) => {
      for (const name of namesIn(graph)) {
        const { memoryMb, timeoutSeconds } = entryPoints[name as keyof typeof entryPoints];
        expect(one(graph, fn, new RegExp(`^${titleOf(name)}Function$`)).inputs).toMatchObject({
          runtime: "nodejs24.x",
          architectures: ["arm64"],
          memorySize: memoryMb,
          timeout: timeoutSeconds,
        });
      }
    },
    breakIt: (graph) => {
      one(graph, fn, /^ReaperFunction$/).inputs.timeout = 3;
    },
  },
  {
    rule: "every function is told each limit that the stage's owner has set, and how many sandboxes there may be",
    check: (graph, stage) => {
      const told = stage === "production" ? limits : { DROVER_SLOTS: "5" };
      for (const name of namesIn(graph)) expect(environmentOf(graph, titleOf(name))).toMatchObject(told);
    },
    breakIt: (graph) => {
      environmentOf(graph, "Kill").DROVER_SLOTS = "1000";
    },
  },
  {
    rule: "streams are sent piece by piece, and everything else at once",
    check: (graph) => {
      const modes = ofType(graph, url).map(({ name, inputs }) => [name, inputs.invokeMode]);
      expect(modes).toEqual([
        ["ApiUrl", "BUFFERED"],
        ["KillUrl", "BUFFERED"],
        ["StreamUrl", "RESPONSE_STREAM"],
      ]);
    },
    breakIt: (graph) => {
      one(graph, url, /^StreamUrl$/).inputs.invokeMode = "BUFFERED";
    },
  },
  {
    rule: "a stream ends of its own accord within a minute, so that closed tabs do not use up the places, and before its function is ended",
    check: (graph) => {
      const { inputs } = one(graph, fn, /^StreamFunction$/);
      const streamMs = Number(inputs.environment.variables.DROVER_STREAM_MS);
      expect(streamMs).toBeLessThanOrEqual(60_000);
      expect(inputs.timeout * 1_000).toBeGreaterThan(streamMs);
      expect(inputs.timeout).toBeLessThan(900);
    },
    breakIt: (graph) => {
      delete one(graph, fn, /^StreamFunction$/).inputs.environment.variables.DROVER_STREAM_MS;
    },
  },
  {
    rule: "where it is asked for, kills have concurrency of their own and streams no more than theirs; nothing is taken from a new account's quota",
    check: (graph, stage) => {
      const reserved = (name: RegExp) => one(graph, fn, name).inputs.reservedConcurrentExecutions;
      const expected = stage === "production" ? [5, 50] : [undefined, undefined];
      expect([reserved(/^KillFunction$/), reserved(/^StreamFunction$/)]).toEqual(expected);
      expect(reserved(/^ApiFunction$/)).toBeUndefined();
    },
    breakIt: (graph) => {
      one(graph, fn, /^KillFunction$/).inputs.reservedConcurrentExecutions = 1;
    },
  },
  {
    rule: "only api, stream and kill have an address, and it takes everybody: they ask for the key themselves",
    check: (graph) => {
      for (const { inputs } of ofType(graph, url)) expect(inputs.authorizationType).toBe("NONE");
      const open = ofType(graph, "aws:lambda/permission:Permission").filter(({ inputs }) => inputs.principal === "*");
      expect(open.map(({ name }) => name)).toEqual(
        ["Api", "Kill", "Stream"].flatMap((name) => [`${name}InvokeFunction`, `${name}PublicFunctionUrlAccess`]),
      );
      for (const { inputs } of open) {
        const byUrlAlone = inputs.functionUrlAuthType === "NONE" || inputs.invokedViaFunctionUrl === true;
        expect(byUrlAlone).toBe(true);
      }
    },
    breakIt: (graph) => {
      one(graph, "aws:lambda/permission:Permission", /^ApiInvokeFunction$/).inputs.invokedViaFunctionUrl = false;
    },
  },
  {
    rule: "no page of another origin gets past a browser to a function",
    check: (graph) => {
      for (const { inputs } of ofType(graph, url)) expect(inputs.cors).toBeUndefined();
    },
    breakIt: (graph) => {
      one(graph, url, /^ApiUrl$/).inputs.cors = { allowOrigins: ["*"] };
    },
  },
  {
    rule: "a function finds in its environment what it needs, and where the stage's secrets are, not the secrets",
    check: (graph) => {
      for (const name of namesIn(graph)) {
        const variables = environmentOf(graph, titleOf(name));
        expect(Object.keys(variables)).toEqual(
          expect.arrayContaining([
            "DROVER_ARTIFACTS_BUCKET",
            "DROVER_CLUSTER",
            "DROVER_NOTIFY_QUEUE_URL",
            "DROVER_PARAMETERS",
            "DROVER_PUBLIC_ORIGIN",
            "DROVER_SECURITY_GROUPS",
            "DROVER_SUBNETS",
            "DROVER_TABLE",
            "DROVER_TASK_DEFINITION",
            "DROVER_WAKE_QUEUE_URL",
          ]),
        );
        // SST's own key opens what is linked to a function, and nothing is.
        const suspicious = Object.keys(variables).filter((key) => /SECRET|TOKEN|PASSWORD|KEY/.test(key));
        expect(suspicious).toEqual(["SST_KEY", "SST_KEY_FILE"]);
      }
    },
    breakIt: (graph) => {
      environmentOf(graph, "Api").DROVER_TOKEN_SECRET = "s3cret";
    },
  },
  {
    rule: "nothing is linked: a link would grant every action on what it leads to",
    check: (graph) => {
      for (const { inputs } of ofType(graph, fn)) {
        const linked = Object.keys(inputs.environment.variables).filter((key) => key.startsWith("SST_RESOURCE_"));
        expect(linked).toEqual(["SST_RESOURCE_App"]);
      }
      const policies = ofType(graph, role).flatMap(({ inputs }) => JSON.stringify(inputs.inlinePolicies ?? []));
      for (const policy of policies) expect(policy).not.toMatch(/(dynamodb|sqs|ecs|s3|ssm|events):\*/);
    },
    breakIt: (graph) => {
      environmentOf(graph, "Api").SST_RESOURCE_Table = "{}";
    },
  },
  {
    rule: "the environment of a function is far below Lambda's four kilobytes",
    check: (graph) => {
      for (const { inputs } of ofType(graph, fn)) {
        expect(JSON.stringify(inputs.environment.variables).length).toBeLessThan(3_000);
      }
    },
    breakIt: (graph) => {
      environmentOf(graph, "Api").DROVER_BACKENDS = "x".repeat(4_000);
    },
  },
  {
    rule: "whoever sets the stage up finds the functions' environment in a parameter, and no secret in it",
    check: (graph) => {
      const { inputs } = one(graph, "aws:ssm/parameter:Parameter");
      const stage = String(graph.outputs.parameters);
      expect([inputs.name, inputs.type]).toEqual([`${stage}/environment`, "String"]);
      expect(environmentOf(graph, "Api")).toMatchObject(JSON.parse(inputs.value));
      expect(inputs.value).not.toMatch(/SECRET|TOKEN|PASSWORD|KEY/);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, "aws:ssm/parameter:Parameter");
      inputs.value = inputs.value.replace("/drover/", "/elsewhere/");
    },
  },
  {
    rule: "the reaper comes every minute, the digest is looked for every hour, and what failed is not made up for",
    check: (graph) => {
      for (const [name, expression] of [
        ["Reaper", "rate(1 minute)"],
        ["Digest", "rate(1 hour)"],
      ] as const) {
        const { inputs } = one(graph, "aws:scheduler/schedule:Schedule", new RegExp(`^${name}`));
        expect(inputs.scheduleExpression).toBe(expression);
        expect(inputs.target.arn).toContain(`${name}Function`);
        expect(inputs.target.retryPolicy).toEqual({ maximumRetryAttempts: 0 });
      }
      const byLambda = ofType(graph, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig");
      expect(byLambda.map(({ name, inputs }) => [name, inputs.maximumRetryAttempts])).toEqual([
        ["DigestEventInvokeConfig", 0],
        ["ReaperEventInvokeConfig", 0],
      ]);
    },
    breakIt: (graph) => {
      one(graph, "aws:scheduler/schedule:Schedule", /^Reaper/).inputs.scheduleExpression = "rate(1 hour)";
    },
  },
  {
    rule: "sandbox-state hears of the stops in this stage's clusters, and of nothing else",
    check: (graph) => {
      const { inputs } = one(graph, rule, /^SandboxStopped$/);
      const clusters = ofType(graph, "aws:ecs/cluster:Cluster").map(({ inputs: { name } }) =>
        expect.stringMatching(new RegExp(`:cluster/${name}$`)),
      );
      expect(inputs.eventBusName).toBeUndefined();
      expect(JSON.parse(inputs.eventPattern)).toEqual({
        source: ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        detail: { clusterArn: clusters, lastStatus: ["STOPPED"] },
      });
      expect(one(graph, "aws:cloudwatch/eventTarget:EventTarget", /^SandboxStopped/).inputs.arn).toContain(
        "SandboxStateFunction",
      );
      const allowed = one(graph, "aws:lambda/permission:Permission", /^SandboxStopped/).inputs;
      expect([allowed.principal, allowed.sourceArn]).toEqual([
        "events.amazonaws.com",
        expect.stringContaining(":rule/"),
      ]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, rule, /^SandboxStopped$/);
      inputs.eventPattern = inputs.eventPattern.replace(/"clusterArn":\[[^\]]*\],/, "");
    },
  },
  {
    rule: "a cluster in another region passes its stops on to the stage's own",
    check: (graph) => {
      const regions = ofType(graph, "pulumi:providers:aws").filter(({ name }) => name.endsWith("Region"));
      const relays = ofType(graph, "aws:cloudwatch/eventTarget:EventTarget", /Relay$/);
      expect(relays).toHaveLength(regions.length);
      for (const { inputs } of relays) expect(inputs.arn).toMatch(/:event-bus\/default$/);
    },
    breakIt: (graph) =>
      graph.resources.push({ type: "pulumi:providers:aws", name: "OtherRegion", inputs: {}, secrets: [], options: {} }),
  },
  {
    rule: "every function and every cluster writes to a log of its own, which is kept for a month, or a week of a preview",
    check: (graph, stage) => {
      const logs = ofType(graph, log);
      expect(logs).toHaveLength(namesIn(graph).length + ofType(graph, "aws:ecs/cluster:Cluster").length);
      for (const { inputs } of logs) expect(inputs.retentionInDays).toBe(stage === "production" ? 30 : 7);
      const used = ofType(graph, fn).map(({ inputs }) => inputs.loggingConfig.logGroup);
      expect(new Set(used).size).toBe(used.length);
      const names = logs.map(({ inputs }) => inputs.name);
      for (const group of used) expect(names).toContain(group);
    },
    breakIt: (graph) => {
      delete one(graph, log, /^ApiLog$/).inputs.retentionInDays;
    },
  },
  {
    rule: "every function knows a bus for outcomes, or it would take an end for one that nobody waits for; only intake its queue",
    check: (graph) => {
      const buses = ofType(graph, "aws:cloudwatch/eventBus:EventBus").map(({ inputs }) => inputs.name);
      for (const name of namesIn(graph)) {
        const variables = environmentOf(graph, titleOf(name));
        expect([variables.DROVER_OUTCOME_BUS].filter(Boolean), name).toEqual(buses);
        if (name !== "intake") expect(variables.DROVER_INTAKE_QUEUE_URL).toBeUndefined();
      }
    },
    breakIt: (graph) => {
      environmentOf(graph, "Kill").DROVER_OUTCOME_BUS = "another";
    },
  },
];
