// Which network do sandboxes start in? A VPC of their own: `open` with the internet before it, `walled` with nothing but a filter.

/** Of one region; absent: the region of the stage. */
export type Place = { provider?: aws.Provider };

export interface Network {
  subnetIds: $util.Output<string>[];
  securityGroupId: $util.Output<string>;
  assignPublicIp: boolean;
}

const vpcCidr = "10.90.0.0/16";
export const publicCidrs = ["10.90.0.0/24", "10.90.1.0/24"];
export const privateCidrs = ["10.90.16.0/20", "10.90.32.0/20"];

export function createVpc(name: string, place: Place) {
  const vpc = new aws.ec2.Vpc(
    `${name}Vpc`,
    { cidrBlock: vpcCidr, enableDnsSupport: true, enableDnsHostnames: true, tags: { Name: nameTag(name) } },
    place,
  );
  // Nothing uses it, and whoever would by mistake reaches nothing.
  new aws.ec2.DefaultSecurityGroup(`${name}Unused`, { vpcId: vpc.id, ingress: [], egress: [] }, place);
  const gateway = new aws.ec2.InternetGateway(`${name}Gateway`, { vpcId: vpc.id }, place);
  const routes = new aws.ec2.RouteTable(
    `${name}Public`,
    { vpcId: vpc.id, routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }] },
    place,
  );
  return { vpc, publicRoutes: routes };
}

export function createSubnets(
  name: string,
  { vpc, routes, cidrs }: { vpc: aws.ec2.Vpc; routes: aws.ec2.RouteTable; cidrs: readonly string[] },
  place: Place,
) {
  const zones = aws.getAvailabilityZonesOutput({ state: "available" }, place);
  return cidrs.map((cidrBlock, index) => {
    const availabilityZone = zones.names.apply((names) => String(names[index % names.length]));
    const subnet = new aws.ec2.Subnet(`${name}${index + 1}`, { vpcId: vpc.id, cidrBlock, availabilityZone }, place);
    new aws.ec2.RouteTableAssociation(
      `${name}${index + 1}Routes`,
      { subnetId: subnet.id, routeTableId: routes.id },
      place,
    );
    return subnet.id;
  });
}

/** Nobody may begin to speak to a sandbox, and it may speak TLS only. Where to is for the routes to say. */
export function createSandboxGroup(name: string, vpc: aws.ec2.Vpc, place: Place) {
  return new aws.ec2.SecurityGroup(
    `${name}Sandbox`,
    {
      vpcId: vpc.id,
      description: "sandboxes of drover: TLS outwards, nothing inwards",
      ingress: [],
      egress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"], description: "TLS" }],
    },
    place,
  );
}

/** No wall: whatever speaks TLS is reached. It costs nothing while no sandbox runs. */
export function createOpenNetwork(name: string, place: Place = {}): Network {
  const { vpc, publicRoutes } = createVpc(name, place);
  const subnetIds = createSubnets(`${name}Public`, { vpc, routes: publicRoutes, cidrs: publicCidrs }, place);
  return { subnetIds, securityGroupId: createSandboxGroup(name, vpc, place).id, assignPublicIp: true };
}

const nameTag = (name: string) => `drover-${$app.stage}-${name.toLowerCase()}`;
