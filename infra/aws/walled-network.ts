// What is around a walled network? Private subnets whose way out is one small filter, for connections and for names.
import { vpcResolver, writeUserData } from "./egress-filter.ts";
import {
  createSandboxGroup,
  createSubnets,
  createVpc,
  type Network,
  type Place,
  privateCidrs,
  publicCidrs,
} from "./network.ts";

/** A nano's memory is too small to install packages in. */
const filterSize = "t4g.micro";

export interface WalledNetwork extends Network {
  /**
   * Apart from the subnets, since the names to let out hold the API's, and the API knows the subnets. Answers the filter,
   * without which nothing gets out.
   */
  openFor(allowed: { hosts: $util.Input<string[]>; artifactsBucketArn: $util.Input<string> }): aws.ec2.Instance;
}

export function createWalledNetwork(name: string, place: Place = {}): WalledNetwork {
  const { vpc, publicRoutes } = createVpc(name, place);
  const [filterSubnetId] = createSubnets(
    `${name}Public`,
    { vpc, routes: publicRoutes, cidrs: publicCidrs.slice(0, 1) },
    place,
  );
  const privateRoutes = new aws.ec2.RouteTable(`${name}Private`, { vpcId: vpc.id }, place);
  const subnetIds = createSubnets(`${name}Private`, { vpc, routes: privateRoutes, cidrs: privateCidrs }, place);
  const region = aws.getRegionOutput({}, place).region;
  const own = { vpc, privateRoutes, region };
  return {
    subnetIds,
    securityGroupId: createSandboxGroup(name, vpc, place).id,
    assignPublicIp: false,
    openFor({ hosts, artifactsBucketArn }) {
      createNameWall(name, { ...own, hosts }, place);
      createWayToS3(name, { ...own, artifactsBucketArn }, place);
      return createFilter(name, { ...own, subnetId: filterSubnetId, hosts }, place);
    },
  };
}

interface Own {
  vpc: aws.ec2.Vpc;
  privateRoutes: aws.ec2.RouteTable;
  region: $util.Output<string>;
}

/** Without rights on AWS, without a way in for people; a new list of names makes a new one. */
function createFilter(
  name: string,
  {
    vpc,
    privateRoutes,
    subnetId,
    hosts,
  }: Own & { subnetId: $util.Input<string> | undefined; hosts: $util.Input<string[]> },
  place: Place,
): aws.ec2.Instance {
  const group = new aws.ec2.SecurityGroup(
    `${name}Filter`,
    {
      vpcId: vpc.id,
      description: "the filter before the sandboxes of drover",
      ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: privateCidrs, description: "sandboxes" }],
      egress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"], description: "TLS" }],
    },
    place,
  );
  const image = aws.ec2.getAmiOutput(
    {
      owners: ["amazon"],
      mostRecent: true,
      filters: [{ name: "name", values: ["al2023-ami-2023.*-kernel-6.1-arm64"] }],
    },
    place,
  );
  const instance = new aws.ec2.Instance(
    `${name}FilterInstance`,
    {
      ami: image.id,
      instanceType: filterSize,
      subnetId,
      vpcSecurityGroupIds: [group.id],
      associatePublicIpAddress: true,
      // What it takes in is addressed to others.
      sourceDestCheck: false,
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, instanceMetadataTags: "disabled" },
      creditSpecification: { cpuCredits: "standard" },
      rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: 8 },
      userData: $util
        .output(hosts)
        .apply((names) => writeUserData({ hosts: names, from: privateCidrs, resolver: vpcResolver })),
      userDataReplaceOnChange: true,
      tags: { Name: `drover-${$app.stage}-filter` },
    },
    place,
  );
  new aws.ec2.Route(
    `${name}WayOut`,
    {
      routeTableId: privateRoutes.id,
      destinationCidrBlock: "0.0.0.0/0",
      networkInterfaceId: instance.primaryNetworkInterfaceId,
    },
    place,
  );
  return instance;
}

/** What is not asked for by name cannot be carried out in names. When the wall itself fails, no name is answered. */
function createNameWall(
  name: string,
  { vpc, region, hosts }: Own & { hosts: $util.Input<string[]> },
  place: Place,
): void {
  const ofAws = region.apply((of) => [
    `s3.${of}.amazonaws.com`,
    `*.s3.${of}.amazonaws.com`,
    // Where the filter gets its packages.
    `*.s3.dualstack.${of}.amazonaws.com`,
    "cdn.amazonlinux.com",
  ]);
  const allowed = new aws.route53.ResolverFirewallDomainList(
    `${name}AllowedNames`,
    { domains: $util.all([hosts, ofAws]).apply(([theirs, ours]) => [...new Set([...theirs, ...ours])].sort()) },
    place,
  );
  const all = new aws.route53.ResolverFirewallDomainList(`${name}AllNames`, { domains: ["*"] }, place);
  const group = new aws.route53.ResolverFirewallRuleGroup(`${name}NameWall`, {}, place);
  new aws.route53.ResolverFirewallRule(
    `${name}AllowNames`,
    {
      firewallRuleGroupId: group.id,
      firewallDomainListId: allowed.id,
      priority: 100,
      action: "ALLOW",
      // Where an allowed name leads, by way of which other names, is for its owner to say.
      firewallDomainRedirectionAction: "TRUST_REDIRECTION_DOMAIN",
    },
    place,
  );
  new aws.route53.ResolverFirewallRule(
    `${name}BlockNames`,
    {
      firewallRuleGroupId: group.id,
      firewallDomainListId: all.id,
      priority: 200,
      action: "BLOCK",
      blockResponse: "NXDOMAIN",
    },
    place,
  );
  new aws.route53.ResolverFirewallRuleGroupAssociation(
    `${name}NameWallHere`,
    { firewallRuleGroupId: group.id, vpcId: vpc.id, priority: 101 },
    place,
  );
  new aws.route53.ResolverFirewallConfig(
    `${name}NamesClosed`,
    { resourceId: vpc.id, firewallFailOpen: "DISABLED" },
    place,
  );
}

/** It costs nothing, and is the only way past the filter: to the layers of images, and to this stage's own artifacts. */
function createWayToS3(
  name: string,
  { vpc, privateRoutes, region, artifactsBucketArn }: Own & { artifactsBucketArn: $util.Input<string> },
  place: Place,
): void {
  new aws.ec2.VpcEndpoint(
    `${name}S3`,
    {
      vpcId: vpc.id,
      serviceName: $interpolate`com.amazonaws.${region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: [privateRoutes.id],
      policy: aws.iam.getPolicyDocumentOutput({
        statements: [
          {
            principals: [{ type: "*", identifiers: ["*"] }],
            actions: ["s3:GetObject"],
            resources: [$interpolate`arn:aws:s3:::prod-${region}-starport-layer-bucket/*`],
          },
          {
            principals: [{ type: "*", identifiers: ["*"] }],
            actions: ["s3:GetObject", "s3:PutObject"],
            resources: [$interpolate`${artifactsBucketArn}/tasks/*`],
          },
        ],
      }).json,
    },
    place,
  );
}
