// What of a stage costs something by being there, though nobody uses it? Read from the resources that a deploy would make.
import { roundMetrics } from "../../functions/core/metrics.ts";
import { entryPoints } from "../../infra/aws/entry-points.ts";
import type { Graph, Resource } from "../synth/graph.ts";
import { hourly, hoursPerMonth, monthly, prices } from "./prices.ts";

export interface Standing {
  /** Queues that call a function: Lambda asks each of them all the time. */
  queueMappings: number;
  roundsPerMonth: number;
  /** What Lambda itself writes of each call. */
  logBytesPerCall: number;
  /** Dollars a month, by what is charged for. */
  always: Record<string, number>;
  /** Of what is watched: only where somebody has asked for it. */
  watching: Record<string, number>;
}

/** START, END and REPORT, unless Lambda is told to write of what went wrong only. */
const systemLogBytes = 512;
/** What the reaper writes of its numbers, with what CloudWatch adds to each line. */
const metricLineBytes = 512;
/** How long it takes, its cold start included, to find that the digest of the day is written; declared. */
const lookMs = 600;
const priceOfLook =
  prices.schedulerInvocation +
  prices.lambdaRequest +
  (lookMs / 1000) * (entryPoints.digest.memoryMb / 1024) * prices.lambdaGbSecond;
const instanceHourly: Record<string, number> = { "t4g.nano": hourly.t4gNano, "t4g.micro": hourly.t4gMicro };

/** Throws for what nobody has thought of: a price is better asked for than missed. */
export function readStanding({ resources }: Graph): Standing {
  const of = (type: string) => resources.filter((one) => one.type === type);
  const instances = of("aws:ec2/instance:Instance");
  const addresses = instances.filter(({ inputs }) => inputs.associatePublicIpAddress).length;
  const endpoints = of("aws:ec2/vpcEndpoint:VpcEndpoint").filter(
    ({ inputs }) => inputs.vpcEndpointType === "Interface",
  );
  const firewallNames = of("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList").flatMap(
    ({ inputs }): string[] => inputs.domains ?? [],
  );
  const functions = of("aws:lambda/function:Function");
  const isQuiet = functions.every(({ inputs }) => inputs.loggingConfig?.systemLogLevel === "WARN");
  const tellsMetrics = functions.some(({ inputs }) => inputs.environment.variables.DROVER_METRICS !== undefined);
  const schedules = of("aws:scheduler/schedule:Schedule");
  const rounds = sum(schedules.filter(isOfReaper).map(callsOf));
  const looks = sum(schedules.filter((one) => !isOfReaper(one)).map(callsOf));
  return {
    queueMappings: of("aws:lambda/eventSourceMapping:EventSourceMapping").length,
    roundsPerMonth: rounds,
    logBytesPerCall: isQuiet ? 0 : systemLogBytes,
    always: withoutNothing({
      "the digest function": looks * priceOfLook,
      "filter instance": sum(instances.map(({ inputs }) => priceInstance(inputs.instanceType) * hoursPerMonth)),
      "its disk": sum(instances.map(({ inputs }) => (inputs.rootBlockDevice?.volumeSize ?? 0) * monthly.diskGb)),
      "public addresses": (addresses + of("aws:ec2/eip:Eip").length) * hourly.publicAddress * hoursPerMonth,
      "NAT gateways": of("aws:ec2/natGateway:NatGateway").length * hourly.natGateway * hoursPerMonth,
      "interface endpoints": endpoints.length * hourly.interfaceEndpoint * hoursPerMonth,
      "names of the DNS firewall": firewallNames.length * monthly.firewallName,
    }),
    watching: withoutNothing({
      alarms: of("aws:cloudwatch/metricAlarm:MetricAlarm").length * monthly.alarm,
      dashboards: of("aws:cloudwatch/dashboard:Dashboard").length * monthly.dashboard,
      ...(tellsMetrics && {
        "metrics of each round": roundMetrics.length * monthly.metric,
        "their lines": rounds * metricLineBytes * prices.logsGb * 1e-9,
      }),
    }),
  };
}

const isOfReaper = ({ name }: Resource) => /^Reaper/.test(name);

function callsOf({ name, inputs }: Resource): number {
  if (inputs.scheduleExpression === "rate(1 minute)") return hoursPerMonth * 60;
  if (inputs.scheduleExpression === "rate(1 hour)") return hoursPerMonth;
  throw new Error(`${name} comes by ${inputs.scheduleExpression}: say in scripts/cost/standing.ts how often that is.`);
}

function priceInstance(type: string): number {
  const price = instanceHourly[type];
  if (price === undefined) throw new Error(`An instance of ${type} has no price in scripts/cost/standing.ts.`);
  return price;
}

const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
const withoutNothing = (bill: Record<string, number>) =>
  Object.fromEntries(Object.entries(bill).filter(([, dollars]) => dollars > 0));
