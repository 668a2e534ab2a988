// What must the wall be like? Of a walled stage only.
import { expect } from "vitest";
import { type Graph, ofType, one } from "../../../../scripts/synth/graph.ts";
import type { Rule } from "./rule.ts";

const table = "aws:ec2/routeTable:RouteTable";
const route = "aws:ec2/route:Route";
const instance = "aws:ec2/instance:Instance";
const names = "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList";
const nameRule = "aws:route53/resolverFirewallRule:ResolverFirewallRule";
const endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint";

const userDataOf = (graph: Graph): string => one(graph, instance).inputs.userData;

export const wallRules: Rule[] = [
  {
    rule: "the private subnets have one way out: the filter",
    check: (graph) => {
      expect(one(graph, table, /^DefaultPrivate$/).inputs.routes ?? []).toEqual([]);
      const out = ofType(graph, route).filter(({ inputs }) => inputs.routeTableId === "DefaultPrivate-id");
      expect(out.map(({ inputs }) => [inputs.destinationCidrBlock, inputs.networkInterfaceId])).toEqual([
        ["0.0.0.0/0", "DefaultFilterInstance-eni"],
      ]);
      for (const { name, inputs } of ofType(graph, "aws:ec2/routeTableAssociation:RouteTableAssociation", /Private/)) {
        expect([name, inputs.routeTableId]).toEqual([name, "DefaultPrivate-id"]);
      }
    },
    breakIt: (graph) => {
      one(graph, table, /^DefaultPrivate$/).inputs.routes = [
        { cidrBlock: "0.0.0.0/0", gatewayId: "DefaultGateway-id" },
      ];
    },
  },
  {
    rule: "the filter lets out to the names on the list: Fargate's own, the API's, the supervisor's and the agents'",
    check: (graph) => {
      const allowed = [...userDataOf(graph).matchAll(/^ {4}(\S+) \$ssl_preread_server_name:443;$/gm)].map(
        ([, host]) => host,
      );
      expect(allowed).toEqual([
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "api.anthropic.com",
        "api.ecr.eu-west-1.amazonaws.com",
        "api.github.com",
        "apiurl.lambda-url.eu-west-1.on.aws",
        "github.com",
        "logs.eu-west-1.amazonaws.com",
        "registry.npmjs.org",
      ]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, instance);
      inputs.userData = inputs.userData.replace("    github.com ", "    *.com ");
    },
  },
  {
    rule: "what is not taken in by the filter is not let through, and what has no listed name leads nowhere",
    check: (graph) => {
      expect(userDataOf(graph)).toMatch(/hook forward priority filter; policy drop;\n {2}}/);
      expect(userDataOf(graph)).toContain('default "";');
      expect(userDataOf(graph)).not.toMatch(/ip_forward|masquerade|snat/);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, instance);
      inputs.userData = inputs.userData.replace(
        "hook forward priority filter; policy drop",
        "hook forward priority filter; policy accept",
      );
    },
  },
  {
    rule: "the filter has no rights on AWS, no way in for people, and its metadata only for itself",
    check: (graph) => {
      const { inputs } = one(graph, instance);
      expect([inputs.iamInstanceProfile, inputs.keyName, inputs.sourceDestCheck]).toEqual([
        undefined,
        undefined,
        false,
      ]);
      expect(inputs.metadataOptions).toMatchObject({ httpTokens: "required", httpPutResponseHopLimit: 1 });
      const { ingress } = one(graph, "aws:ec2/securityGroup:SecurityGroup", /^DefaultFilter$/).inputs;
      expect(ingress).toEqual([
        expect.objectContaining({ fromPort: 443, toPort: 443, cidrBlocks: ["10.90.16.0/20", "10.90.32.0/20"] }),
      ]);
    },
    breakIt: (graph) => {
      one(graph, "aws:ec2/securityGroup:SecurityGroup", /^DefaultFilter$/).inputs.ingress[0].cidrBlocks = ["0.0.0.0/0"];
    },
  },
  {
    rule: "somebody is told when the filter is down",
    check: (graph) => {
      const { inputs } = one(graph, "aws:cloudwatch/metricAlarm:MetricAlarm", /^FilterDown/);
      expect([inputs.metricName, inputs.dimensions]).toEqual([
        "StatusCheckFailed",
        { InstanceId: "DefaultFilterInstance-id" },
      ]);
      expect(inputs.alarmActions).toHaveLength(1);
    },
    breakIt: (graph) => {
      one(graph, "aws:cloudwatch/metricAlarm:MetricAlarm", /^FilterDown/).inputs.dimensions = {};
    },
  },
  {
    rule: "a new list of names makes a new filter",
    check: (graph) => expect(one(graph, instance).inputs.userDataReplaceOnChange).toBe(true),
    breakIt: (graph) => {
      one(graph, instance).inputs.userDataReplaceOnChange = false;
    },
  },
  {
    rule: "names that are not on the list are not looked up, and none is when the firewall fails",
    check: (graph) => {
      const rules = ofType(graph, nameRule).map(({ inputs }) => [
        inputs.priority,
        inputs.action,
        inputs.firewallDomainListId,
      ]);
      expect(rules).toEqual([
        [100, "ALLOW", "DefaultAllowedNames-id"],
        [200, "BLOCK", "DefaultAllNames-id"],
      ]);
      expect(one(graph, names, /AllNames$/).inputs.domains).toEqual(["*"]);
      const closed = one(graph, "aws:route53/resolverFirewallConfig:ResolverFirewallConfig").inputs;
      expect([closed.resourceId, closed.firewallFailOpen]).toEqual(["DefaultVpc-id", "DISABLED"]);
      const here = one(graph, "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation");
      expect(here.inputs.vpcId).toBe("DefaultVpc-id");
    },
    breakIt: (graph) => {
      one(graph, "aws:route53/resolverFirewallConfig:ResolverFirewallConfig").inputs.firewallFailOpen = "ENABLED";
    },
  },
  {
    rule: "the names that may be looked up are those of the filter, S3's, and where the filter gets its packages",
    check: (graph) => {
      const { domains } = one(graph, names, /AllowedNames$/).inputs;
      const filtered = [...userDataOf(graph).matchAll(/^ {4}(\S+) \$ssl_preread_server_name:443;$/gm)].map(
        ([, host]) => host,
      );
      expect(domains.filter((name: string) => !filtered.includes(name))).toEqual([
        "*.s3.dualstack.eu-west-1.amazonaws.com",
        "*.s3.eu-west-1.amazonaws.com",
        "cdn.amazonlinux.com",
        "s3.eu-west-1.amazonaws.com",
      ]);
      expect(domains).toEqual(expect.arrayContaining(filtered));
    },
    breakIt: (graph) => one(graph, names, /AllowedNames$/).inputs.domains.push("*"),
  },
  {
    rule: "past the filter goes only S3, and of it only the images' layers and this stage's own artifacts",
    check: (graph) => {
      const { inputs } = one(graph, endpoint);
      expect([inputs.serviceName, inputs.vpcEndpointType]).toEqual(["com.amazonaws.eu-west-1.s3", "Gateway"]);
      const { Statement } = JSON.parse(inputs.policy);
      expect(
        Statement.map(({ Action, Resource }: { Action: string[]; Resource: string[] }) => [Action, Resource]),
      ).toEqual([
        [["s3:GetObject"], ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"]],
        [["s3:GetObject", "s3:PutObject"], [expect.stringMatching(/:::drover-preview-artifacts[^/]*\/tasks\/\*$/)]],
      ]);
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, endpoint);
      inputs.policy = inputs.policy.replace(/arn:aws:s3:::drover[^"]*/, "*");
    },
  },
];
