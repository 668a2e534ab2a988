// What would AWS answer? As much of it as SST's components need to go on from one resource to the next.

export const account = "123456789012";
export const region = "eu-west-1";

type Inputs = Record<string, unknown>;

export interface Registration {
  type: string;
  name: string;
  inputs: Inputs;
  /** Of a resource that is looked up and not made. */
  id?: string | undefined;
}

const arnOf = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;

/** What only AWS knows of a resource that has just been made. */
export function stateOf({ type, name: logicalName, inputs, id }: Registration): { id: string; state: Inputs } {
  const name = String(id || (inputs.name ?? inputs.bucket ?? inputs.family ?? logicalName));
  const known = (more: Inputs, ownId = name) => ({ id: ownId, state: { ...inputs, name, ...more } });
  switch (type) {
    case "aws:dynamodb/table:Table":
      return known({ arn: arnOf("dynamodb", `table/${name}`) });
    case "aws:sqs/queue:Queue": {
      const url = `https://sqs.${region}.amazonaws.com/${account}/${name}`;
      return known({ url, arn: arnOf("sqs", name) }, url);
    }
    case "aws:lambda/function:Function":
      return known({ arn: arnOf("lambda", `function:${name}`) });
    case "aws:lambda/functionUrl:FunctionUrl":
      return known({ functionUrl: `https://${logicalName.toLowerCase()}.lambda-url.${region}.on.aws/` });
    case "aws:iam/role:Role":
      return known({ arn: `arn:aws:iam::${account}:role/${name}` });
    case "aws:ecs/cluster:Cluster":
      return known({ arn: arnOf("ecs", `cluster/${name}`) }, arnOf("ecs", `cluster/${name}`));
    case "aws:cloudwatch/eventBus:EventBus":
      return known({ arn: arnOf("events", `event-bus/${name}`) });
    case "aws:cloudwatch/eventRule:EventRule":
      return known({ arn: arnOf("events", `rule/${name}`) });
    case "aws:cloudwatch/logGroup:LogGroup":
      return known({ arn: arnOf("logs", `log-group:${name}`) });
    case "aws:s3/bucket:Bucket":
      return known({
        bucket: name,
        arn: `arn:aws:s3:::${name}`,
        bucketRegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
      });
    case "aws:cloudfront/distribution:Distribution":
      return known({ arn: `arn:aws:cloudfront::${account}:distribution/D1`, domainName: "d1.cloudfront.net" }, "D1");
    case "aws:ec2/instance:Instance":
      return known({ primaryNetworkInterfaceId: `${logicalName}-eni` }, `${logicalName}-id`);
    case "random:index/randomBytes:RandomBytes":
      return known({ base64: Buffer.alloc(32, 7).toString("base64"), hex: "07".repeat(32) });
    default:
      return known({ arn: arnOf(type.split(/[:/]/)[1] ?? "unknown", name) }, `${logicalName}-id`);
  }
}

/** Of a look-up. Throws for one that nobody has thought of yet. */
export function answer(token: string, inputs: Inputs): Inputs {
  switch (token) {
    case "aws:index/getRegion:getRegion":
      return { id: region, name: region, region };
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { id: account, accountId: account, arn: `arn:aws:iam::${account}:user/deployer` };
    case "aws:index/getPartition:getPartition":
      return { id: "aws", partition: "aws", dnsSuffix: "amazonaws.com" };
    case "aws:index/getAvailabilityZones:getAvailabilityZones":
      return { id: region, names: ["a", "b", "c"].map((zone) => region + zone) };
    case "aws:ec2/getAmi:getAmi":
      return { id: "ami-0123456789abcdef0" };
    case "aws:iam/getPolicyDocument:getPolicyDocument":
      return { ...inputs, json: writePolicy((inputs.statements ?? []) as Statement[]) };
    case "command:local:run":
      return { stdout: "", stderr: "" };
    default:
      throw new Error(`Nobody answers the look-up ${token} of ${JSON.stringify(inputs)}.`);
  }
}

interface Statement {
  effect?: string;
  actions?: string[];
  resources?: string[];
  principals?: { type: string; identifiers: string[] }[];
  conditions?: { test: string; variable: string; values: string[] }[];
}

function writePolicy(statements: readonly Statement[]): string {
  const Statement = statements.map(({ effect = "Allow", actions, resources, principals, conditions }) => ({
    Effect: effect,
    ...(principals && { Principal: Object.fromEntries(principals.map((one) => [one.type, one.identifiers])) }),
    Action: actions,
    Resource: resources,
    ...(conditions && {
      Condition: Object.fromEntries(conditions.map(({ test, variable, values }) => [test, { [variable]: values }])),
    }),
  }));
  return JSON.stringify({ Version: "2012-10-17", Statement });
}
