// What are things called in ARNs? One made-up account and region, whatever region the client signs for.
export const region = "us-east-1";
export const account = "000000000000";

export function arnOf(cluster: string, kind: "cluster" | "task" | "container", ...rest: string[]): string {
  return `arn:aws:ecs:${region}:${account}:${[kind, cluster, ...rest].join("/")}`;
}

export function taskDefinitionArn(definition: { family: string; revision: number }): string {
  return `arn:aws:ecs:${region}:${account}:task-definition/${definition.family}:${definition.revision}`;
}
