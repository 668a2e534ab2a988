// What must a sandbox on Fargate be like, and the network that it starts in?
import { expect } from "vitest";
import { sandboxTask } from "../../../../infra/aws/sandbox-task.ts";
import { type Graph, ofType, one } from "../../../../scripts/synth/graph.ts";
import { statementsOf } from "../rights-table.ts";
import type { Rule } from "./rule.ts";

const task = "aws:ecs/taskDefinition:TaskDefinition";
const group = "aws:ec2/securityGroup:SecurityGroup";
const subnet = "aws:ec2/subnet:Subnet";
const execution = /^DefaultExecutionRole$/;

interface Container {
  name: string;
  environment: { name: string; value: string }[];
  [setting: string]: unknown;
}
const containersOf = (graph: Graph): Container[] =>
  JSON.parse(one(graph, task, /^Default/).inputs.containerDefinitions);

function changeContainers(graph: Graph, change: (container: Container) => void): void {
  const { inputs } = one(graph, task, /^Default/);
  const containers = JSON.parse(inputs.containerDefinitions) as Container[];
  for (const container of containers) change(container);
  inputs.containerDefinitions = JSON.stringify(containers);
}

export const sandboxRules: Rule[] = [
  {
    rule: "a sandbox is what sandboxTask says, container by container",
    check: (graph) => {
      const { inputs } = one(graph, task, /^Default/);
      const [{ environment, image, logConfiguration }] = containersOf(graph) as [Container];
      const given = environment.filter(({ name }) => /^DROVER_(GATES_)?EGRESS_/.test(name));
      const supervisorEnvironment = Object.fromEntries(given.map(({ name, value }) => [name, value]));
      const apiUrl = environment.find(({ name }) => name === "DROVER_API_URL")?.value ?? "";
      const { options } = logConfiguration as { options: Record<string, string> };
      const expected = sandboxTask({
        image: String(image),
        architecture: inputs.runtimePlatform.cpuArchitecture,
        cpuUnits: Number(inputs.cpu),
        memoryMb: Number(inputs.memory),
        diskGb: inputs.ephemeralStorage.sizeInGib,
        executionRoleArn: inputs.executionRoleArn,
        log: { group: String(options["awslogs-group"]), region: String(options["awslogs-region"]) },
        apiUrl,
        supervisorEnvironment,
      });
      expect(containersOf(graph)).toEqual(JSON.parse(JSON.stringify(expected.containerDefinitions)));
      expect(inputs.volumes).toEqual(expected.volumes);
    },
    breakIt: (graph) =>
      changeContainers(graph, (container) => {
        container.privileged = true;
      }),
  },
  {
    rule: "its three containers are three users without capabilities, on a root that they cannot write",
    check: (graph) => {
      const containers = containersOf(graph);
      expect(containers.map(({ name, user }) => [name, user])).toEqual([
        ["supervisor", "1002:1002"],
        ["workspace", "1001:1001"],
        ["gates", "1001:1001"],
      ]);
      for (const container of containers) {
        expect(container).toMatchObject({
          readonlyRootFilesystem: true,
          linuxParameters: { initProcessEnabled: true, capabilities: { drop: ["ALL"] } },
        });
        expect([container.privileged, container.portMappings, container.secrets]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      }
    },
    breakIt: (graph) =>
      changeContainers(graph, (container) => {
        container.readonlyRootFilesystem = false;
      }),
  },
  {
    rule: "it has no role on AWS: there is no task role, and nothing else gives it one",
    check: (graph) => {
      for (const { inputs } of ofType(graph, task)) expect(inputs.taskRoleArn).toBeUndefined();
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, task, /^Default/);
      inputs.taskRoleArn = inputs.executionRoleArn;
    },
  },
  {
    rule: "its image is named by a digest, and Fargate may pull that repository and no other",
    check: (graph) => {
      for (const { image } of containersOf(graph)) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
      const pulls = statementsOf(one(graph, "aws:iam/role:Role", execution)).filter(({ Action }) =>
        Action.includes("ecr:BatchGetImage"),
      );
      expect(pulls.map(({ Resource }) => Resource)).toEqual([
        ["arn:aws:ecr:eu-west-1:123456789012:repository/drover-sandbox"],
      ]);
    },
    breakIt: (graph) =>
      changeContainers(graph, (container) => {
        container.image = "drover-sandbox:latest";
      }),
  },
  {
    rule: "its environment holds no secret, and of AWS only the API's own address",
    check: (graph) => {
      const [supervisor] = containersOf(graph) as [Container];
      expect(supervisor.environment.map(({ name }) => name).sort()).toEqual([
        "DROVER_API_URL",
        "DROVER_EGRESS_ALLOW",
        "DROVER_EGRESS_UPLOAD_MB",
        "DROVER_GATES_EGRESS_ALLOW",
        "DROVER_MEMORY_MB",
        "DROVER_SOCKETS",
        "HOME",
      ]);
      const { value } = supervisor.environment.find(({ name }) => name === "DROVER_API_URL") ?? {};
      expect(value).toBe("https://apiurl.lambda-url.eu-west-1.on.aws");
    },
    breakIt: (graph) =>
      changeContainers(graph, ({ environment }) => environment.push({ name: "AWS_ACCESS_KEY_ID", value: "AKIA" })),
  },
  {
    rule: "it has the size of its stage, and a size that Fargate has",
    check: (graph, stage) => {
      const { inputs } = one(graph, task, /^Default/);
      const size = [inputs.cpu, inputs.memory, inputs.ephemeralStorage.sizeInGib];
      expect(size).toEqual(stage === "production" ? ["2048", "8192", 40] : ["1024", "4096", 21]);
      expect(inputs).toMatchObject({
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
      });
    },
    breakIt: (graph) => {
      one(graph, task, /^Default/).inputs.memory = "3000";
    },
  },
  {
    rule: "functions launch the family that is deployed, never one revision, in the cluster that is deployed",
    check: (graph) => {
      const { variables } = one(graph, "aws:lambda/function:Function", /^DispatcherFunction$/).inputs.environment;
      expect(variables.DROVER_TASK_DEFINITION).toBe(one(graph, task, /^Default/).inputs.family);
      expect(variables.DROVER_CLUSTER).toBe(one(graph, "aws:ecs/cluster:Cluster", /^Default/).inputs.name);
    },
    breakIt: (graph) => {
      one(graph, task, /^Default/).inputs.family = "other";
    },
  },
  {
    rule: "nobody can begin to speak to a sandbox, and it speaks TLS only",
    check: (graph) => {
      const { inputs } = one(graph, group, /^DefaultSandbox$/);
      expect(inputs.ingress).toEqual([]);
      expect(inputs.egress).toEqual([
        expect.objectContaining({ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"] }),
      ]);
    },
    breakIt: (graph) => {
      one(graph, group, /^DefaultSandbox$/).inputs.egress[0].protocol = "-1";
    },
  },
  {
    rule: "what describes a group is in the letters that EC2 takes",
    check: (graph) => {
      for (const { inputs } of ofType(graph, group)) {
        const rules: { description?: string }[] = [...inputs.ingress, ...inputs.egress];
        for (const description of [inputs.description, ...rules.map((rule) => rule.description)]) {
          expect(description).toMatch(/^[\w .\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
        }
      }
    },
    breakIt: (graph) => {
      one(graph, group, /^DefaultSandbox$/).inputs.description = "drover's sandboxes";
    },
  },
  {
    rule: "the group that AWS makes by itself lets nothing through",
    check: (graph) => {
      const unused = ofType(graph, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup");
      expect(unused).toHaveLength(ofType(graph, "aws:ec2/vpc:Vpc").length);
      for (const { inputs } of unused) expect([inputs.ingress, inputs.egress]).toEqual([[], []]);
    },
    breakIt: (graph) => {
      one(graph, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", /^Default/).inputs.egress = [{ protocol: "-1" }];
    },
  },
  {
    rule: "sandboxes start in two zones; with a public address where the network is open, and without one where it is walled",
    check: (graph, stage) => {
      const { variables } = one(graph, "aws:lambda/function:Function", /^DispatcherFunction$/).inputs.environment;
      const kind = stage === "production" ? "Public" : "Private";
      expect(variables.DROVER_SUBNETS).toBe([1, 2].map((n) => `Default${kind}${n}-id`).join());
      expect(variables.DROVER_ASSIGN_PUBLIC_IP).toBe(String(stage === "production"));
      const zones = ofType(graph, subnet, new RegExp(`^Default${kind}`)).map(({ inputs }) => inputs.availabilityZone);
      expect(new Set(zones).size).toBe(2);
    },
    breakIt: (graph) => {
      const { variables } = one(graph, "aws:lambda/function:Function", /^DispatcherFunction$/).inputs.environment;
      variables.DROVER_ASSIGN_PUBLIC_IP = variables.DROVER_ASSIGN_PUBLIC_IP === "true" ? "false" : "true";
    },
  },
  {
    rule: "there is nothing in the network that costs by the hour, but for a wall's one small instance",
    check: (graph, stage) => {
      const costly = [
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/eip:Eip",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace",
      ];
      expect(graph.resources.filter(({ type }) => costly.includes(type))).toEqual([]);
      const interfaces = ofType(graph, "aws:ec2/vpcEndpoint:VpcEndpoint").filter(
        ({ inputs }) => inputs.vpcEndpointType !== "Gateway",
      );
      expect(interfaces).toEqual([]);
      const sizes = ofType(graph, "aws:ec2/instance:Instance").map(({ inputs }) => inputs.instanceType);
      expect(sizes).toEqual(stage === "production" ? [] : ["t4g.micro"]);
    },
    breakIt: (graph) =>
      graph.resources.push({
        type: "aws:ec2/natGateway:NatGateway",
        name: "Nat",
        inputs: {},
        secrets: [],
        options: {},
      }),
  },
];
