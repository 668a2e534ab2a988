// What of a stage costs something by being there, though nobody uses it? Read from the resources that a deploy would make.
import { roundMetrics } from "../../functions/core/metrics.ts";
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
  const rounds = sum(of("aws:scheduler/schedule:Schedule").map(roundsOf));
  return {
    queueMappings: of("aws:lambda/eventSourceMapping:EventSourceMapping").length,
    roundsPerMonth: rounds,
    logBytesPerCall: isQuiet ? 0 : systemLogBytes,
    always: withoutNothing({
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

function roundsOf({ name, inputs }: Resource): number {
  if (inputs.scheduleExpression === "rate(1 minute)") return hoursPerMonth * 60;
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
