// Who calls a function when nobody asks? A schedule, and ECS when a sandbox has stopped.
import { type FunctionName, titleOf } from "./entry-points.ts";
import type { Place } from "./network.ts";
import { createRole } from "./role.ts";

/** What was missed, or failed, is not made up for: the next time comes anyway. */
export function createSchedule(name: FunctionName, fn: sst.aws.Function, scheduleExpression: string): void {
  const title = `${titleOf(name)}Schedule`;
  const role = createRole(`${title}Role`, "scheduler.amazonaws.com", [
    { actions: ["lambda:InvokeFunction"], resources: [fn.arn] },
  ]);
  new aws.scheduler.Schedule(title, {
    scheduleExpression,
    flexibleTimeWindow: { mode: "OFF" },
    target: { arn: fn.arn, roleArn: role.arn, retryPolicy: { maximumRetryAttempts: 0 } },
  });
}

/** On the bus that AWS's own events come on. Stops only: of the other states there is an event each, and nobody to read it. */
export function createStopEvents(sandboxState: sst.aws.Function, clusterArns: $util.Input<string>[]): void {
  const rule = new aws.cloudwatch.EventRule("SandboxStopped", {
    description: "a sandbox of drover has stopped",
    eventPattern: stopsIn(clusterArns),
  });
  new aws.cloudwatch.EventTarget("SandboxStoppedTarget", { rule: rule.name, arn: sandboxState.arn });
  new aws.lambda.Permission("SandboxStoppedPermission", {
    action: "lambda:InvokeFunction",
    function: sandboxState.name,
    principal: "events.amazonaws.com",
    sourceArn: rule.arn,
  });
}

/** ECS tells its own region only. */
export function relayStopEvents(name: string, clusterArn: $util.Input<string>, place: Place): void {
  const region = aws.getRegionOutput({}).region;
  const homeBusArn = $interpolate`arn:aws:events:${region}:${aws.getCallerIdentityOutput({}).accountId}:event-bus/default`;
  const role = createRole(`${name}RelayRole`, "events.amazonaws.com", [
    { actions: ["events:PutEvents"], resources: [homeBusArn] },
  ]);
  const rule = new aws.cloudwatch.EventRule(`${name}Stopped`, { eventPattern: stopsIn([clusterArn]) }, place);
  new aws.cloudwatch.EventTarget(`${name}Relay`, { rule: rule.name, arn: homeBusArn, roleArn: role.arn }, place);
}

const stopsIn = (clusterArns: $util.Input<string>[]) =>
  $jsonStringify({
    source: ["aws.ecs"],
    "detail-type": ["ECS Task State Change"],
    detail: { clusterArn: clusterArns, lastStatus: ["STOPPED"] },
  });

/** Others subscribe to it: what has become of each task. */
export const createOutcomeBus = () => new aws.cloudwatch.EventBus("Outcomes", { name: `drover-${$app.stage}` });
