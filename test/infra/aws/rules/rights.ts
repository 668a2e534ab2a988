// Who may do what? Nobody more than is on the page of rights, and nobody but one service takes on a role.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Graph, ofType, one } from "../../../../scripts/synth/graph.ts";
import { drawRights, rightsIn, statementsOf } from "../rights-table.ts";
import type { Rule } from "./rule.ts";

const role = "aws:iam/role:Role";
export const rightsPage = join(import.meta.dirname, "../../../../docs/rights.md");

/** The page shows a stage with everything that can be asked for. */
function expectedIn(graph: Graph): string {
  const page = readFileSync(rightsPage, "utf8");
  const table = /<!-- drawn -->\n([\s\S]*?)\n<!-- end -->/.exec(page)?.[1] ?? "";
  const has = (type: string, name: RegExp) => ofType(graph, type, name).length > 0;
  return table
    .split("\n")
    .filter((line) => has(role, /^IntakeRole$/) || !line.startsWith("| intake |"))
    .filter((line) => has("aws:cloudwatch/eventBus:EventBus", /(?:)/) || !line.includes("| the outcome bus |"))
    .join("\n");
}

const addTo = (graph: Graph, name: RegExp, statement: object) => {
  const [inline] = one(graph, role, name).inputs.inlinePolicies;
  const policy = JSON.parse(inline.policy);
  policy.Statement.push({ Effect: "Allow", ...statement });
  inline.policy = JSON.stringify(policy);
};

export const rightsRules: Rule[] = [
  {
    rule: "every role may do exactly what docs/rights.md says",
    check: (graph) => {
      const isRelay = ({ who }: { who: string }) => who === "relay of a region";
      expect(drawRights(rightsIn(graph).filter((row) => !isRelay(row)))).toBe(expectedIn(graph));
    },
    breakIt: (graph) =>
      addTo(graph, /^StreamRole$/, {
        Action: ["dynamodb:PutItem"],
        Resource: ["arn:aws:dynamodb:eu-west-1:1:table/t"],
      }),
  },
  {
    rule: "a statement lists actions, each by its whole name",
    check: (graph) => {
      for (const one of ofType(graph, role)) {
        for (const { Action } of statementsOf(one)) {
          for (const action of Action) expect(action).toMatch(/^[a-z0-9]+:[A-Z][A-Za-z]+$/);
        }
      }
    },
    breakIt: (graph) => addTo(graph, /^ApiRole$/, { Action: ["sqs:*"], Resource: ["arn:aws:sqs:eu-west-1:1:q"] }),
  },
  {
    rule: "a statement lists ARNs; only two actions know none, and of these one is bound to the cluster",
    check: (graph) => {
      const open = ofType(graph, role).flatMap((one) =>
        statementsOf(one).filter(({ Resource }) => Resource.some((arn) => !arn.startsWith("arn:aws:"))),
      );
      for (const { Action, Condition } of open) {
        expect(["ecs:ListTasks", "ecr:GetAuthorizationToken"]).toEqual(expect.arrayContaining(Action));
        if (Action.includes("ecs:ListTasks")) {
          expect(Condition?.ArnEquals?.["ecs:cluster"]).toEqual([expect.stringMatching(/:cluster\/drover-/)]);
        }
      }
    },
    breakIt: (graph) => addTo(graph, /^KillRole$/, { Action: ["ecs:StopTask"], Resource: ["*"] }),
  },
  {
    rule: "a role is taken on by one service, and never by the account as a whole",
    check: (graph) => {
      for (const { inputs } of ofType(graph, role)) {
        const trusted = JSON.parse(inputs.assumeRolePolicy).Statement;
        expect(trusted).toEqual([
          {
            Effect: "Allow",
            Principal: { Service: [expect.stringMatching(/\.amazonaws\.com$/)] },
            Action: ["sts:AssumeRole"],
          },
        ]);
      }
    },
    breakIt: (graph) => {
      const { inputs } = one(graph, role, /^ApiRole$/);
      inputs.assumeRolePolicy = inputs.assumeRolePolicy.replace(
        '"Principal":{',
        '"Principal":{"AWS":["arn:aws:iam::123456789012:root"],',
      );
    },
  },
  {
    rule: "no role has a policy of AWS's own making, such as the one that may write every log",
    check: (graph) => {
      for (const { inputs } of ofType(graph, role)) expect(inputs.managedPolicyArns ?? []).toEqual([]);
      expect(ofType(graph, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")).toEqual([]);
    },
    breakIt: (graph) => {
      one(graph, role, /^ApiRole$/).inputs.managedPolicyArns = [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
      ];
    },
  },
  {
    rule: "what a role may do is well below the ten thousand characters that IAM takes",
    check: (graph) => {
      for (const { name, inputs } of ofType(graph, role)) {
        for (const { policy } of inputs.inlinePolicies ?? [])
          expect([name, policy.length < 9_000]).toEqual([name, true]);
      }
    },
    breakIt: (graph) =>
      addTo(graph, /^ApiRole$/, {
        Action: ["sqs:SendMessage"],
        Resource: [`arn:aws:sqs:eu-west-1:1:${"q".repeat(9_000)}`],
      }),
  },
  {
    rule: "a function has a role of its own, and shares it with no other",
    check: (graph) => {
      const roles = ofType(graph, "aws:lambda/function:Function").map(({ inputs }) => inputs.role);
      expect(new Set(roles).size).toBe(roles.length);
    },
    breakIt: (graph) => {
      const killRole = one(graph, "aws:lambda/function:Function", /^KillFunction$/).inputs.role;
      one(graph, "aws:lambda/function:Function", /^ApiFunction$/).inputs.role = killRole;
    },
  },
  {
    rule: "of those who write to the table, only the API can make or change a key; the stream's counter and the digest are bound to their own",
    check: (graph) => {
      const writers = ofType(graph, role).filter((one) =>
        statementsOf(one).some(({ Effect, Action }) => Effect === "Allow" && Action.includes("dynamodb:PutItem")),
      );
      const bound = writers.filter((one) =>
        statementsOf(one).some(
          ({ Effect, Action, Resource, Condition }) =>
            Effect === "Deny" &&
            Resource.every((arn) => /:table\/[^/]+$/.test(arn)) &&
            ["PutItem", "UpdateItem", "DeleteItem"].every((verb) => Action.includes(`dynamodb:${verb}`)) &&
            ["key_*", "keys#*"].every((keys) =>
              Condition?.["ForAnyValue:StringLike"]?.["dynamodb:LeadingKeys"]?.includes(keys),
            ),
        ),
      );
      const ownOnly = writers.filter((one) =>
        statementsOf(one)
          .filter(({ Effect, Action }) => Effect === "Allow" && Action.includes("dynamodb:PutItem"))
          .every(({ Action, Condition }) => {
            const keys: string[] = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] ?? [];
            return Action.length === 1 && keys.length > 0 && keys.every((one) => one === "digests");
          }),
      );
      const free = writers.filter((one) => !bound.includes(one) && !ownOnly.includes(one)).map(({ name }) => name);
      expect([free, bound.length > 0]).toEqual([["ApiRole"], true]);
    },
    breakIt: (graph) => {
      const [inline] = one(graph, role, /^DispatcherRole$/).inputs.inlinePolicies;
      inline.policy = inline.policy.replace('"Deny"', '"Allow"');
    },
  },
  {
    rule: "only who launches may pass a role: the sandbox's execution role, and to ECS alone",
    check: (graph) => {
      const passing = ofType(graph, role).filter((one) =>
        statementsOf(one).some(({ Action }) => Action.includes("iam:PassRole")),
      );
      expect(passing.map(({ name }) => name)).toEqual(["DispatcherRole", "ReaperRole"]);
      const clusters = ofType(graph, "aws:ecs/cluster:Cluster").length;
      for (const one of passing) {
        const statements = statementsOf(one).filter(({ Action }) => Action.includes("iam:PassRole"));
        expect(statements).toHaveLength(clusters);
        for (const { Resource, Condition } of statements) {
          expect(Resource).toEqual([expect.stringMatching(/:role\/\w+ExecutionRole$/)]);
          expect(Condition).toEqual({ StringEquals: { "iam:PassedToService": ["ecs-tasks.amazonaws.com"] } });
        }
      }
    },
    breakIt: (graph) =>
      addTo(graph, /^ApiRole$/, {
        Action: ["iam:PassRole"],
        Resource: ["arn:aws:iam::123456789012:role/drover-admin"],
      }),
  },
  {
    rule: "whoever stops sandboxes cannot start any, but for those who launch",
    check: (graph) => {
      const may = (action: string) =>
        ofType(graph, role)
          .filter((one) => statementsOf(one).some(({ Action }) => Action.includes(action)))
          .map(({ name }) => name);
      expect(may("ecs:RunTask")).toEqual(["DispatcherRole", "ReaperRole"]);
      expect(may("ecs:StopTask")).toEqual(["ApiRole", "DispatcherRole", "KillRole", "ReaperRole", "SandboxStateRole"]);
    },
    breakIt: (graph) =>
      addTo(graph, /^KillRole$/, {
        Action: ["ecs:RunTask"],
        Resource: ["arn:aws:ecs:eu-west-1:123456789012:task-definition/drover-production-default:*"],
      }),
  },
  {
    rule: "the kill function reads no credential, no artifact and no secret but the one that every function checks tokens with",
    check: (graph) => {
      const touched = statementsOf(one(graph, role, /^KillRole$/)).flatMap(({ Resource }) => Resource);
      expect(touched.filter((arn) => arn.includes(":parameter/"))).toEqual([expect.stringMatching(/\/token-secret$/)]);
      expect(touched.filter((arn) => arn.includes(":s3:"))).toEqual([]);
    },
    breakIt: (graph) =>
      addTo(graph, /^KillRole$/, {
        Action: ["ssm:GetParameter"],
        Resource: ["arn:aws:ssm:eu-west-1:123456789012:parameter/drover/production/credentials/*"],
      }),
  },
  {
    rule: "the key that signs the audit log's digests is read by the digest function alone",
    check: (graph) => {
      const readers = ofType(graph, role).filter((one) =>
        statementsOf(one).some(({ Resource }) =>
          Resource.some(
            (arn) =>
              /\/(audit-key|\*)$/.test(arn) &&
              arn.includes(":parameter/") &&
              !/\/(credentials|webhooks)\/\*$/.test(arn),
          ),
        ),
      );
      expect(readers.map(({ name }) => name)).toEqual(["DigestRole"]);
    },
    breakIt: (graph) =>
      addTo(graph, /^ApiRole$/, {
        Action: ["ssm:GetParameter"],
        Resource: ["arn:aws:ssm:eu-west-1:123456789012:parameter/drover/production/*"],
      }),
  },
  {
    rule: "nobody can delete the table, an object or a log, or change a role",
    check: (graph) => {
      const all = ofType(graph, role).flatMap((one) => statementsOf(one).flatMap(({ Action }) => Action));
      const forbidden =
        /^(dynamodb:(Delete|Create|Update)Table|s3:Delete|logs:Delete|iam:(?!PassRole)|lambda:(?!InvokeFunction)|ecs:(Delete|Register|Execute))/;
      expect(all.filter((action) => forbidden.test(action))).toEqual([]);
    },
    breakIt: (graph) =>
      addTo(graph, /^ReaperRole$/, {
        Action: ["s3:DeleteObject"],
        Resource: ["arn:aws:s3:::drover-production-artifactsbucket-bdvfbzta/audit/*"],
      }),
  },
];
