// Who takes on a role on AWS, and what may they do in it?
import type { Right } from "./right.ts";

/** Who may take on a role: one service. It does so only for whom somebody with `iam:PassRole` on it has given it to. */
export const trust = (service: string) =>
  aws.iam.getPolicyDocumentOutput({
    statements: [{ actions: ["sts:AssumeRole"], principals: [{ type: "Service", identifiers: [service] }] }],
  }).json;

type Statement = Pick<Right<$util.Input<string>>, "actions" | "resources">;

/** For a service of AWS; functions have theirs from SST. */
export const createRole = (name: string, service: string, statements: Statement[], description?: string) =>
  new aws.iam.Role(name, {
    ...(description !== undefined && { description }),
    assumeRolePolicy: trust(service),
    inlinePolicies: [{ name: "inline", policy: aws.iam.getPolicyDocumentOutput({ statements }).json }],
  });
