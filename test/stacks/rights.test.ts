import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entryPoints, type FunctionName } from "../../infra/aws/entry-points.ts";
import { openEsbuild, root } from "../../scripts/sst-platform.ts";
import { rightsOf } from "../../stacks/rights.ts";

const names = {
  table: "table",
  tableIndexes: "indexes",
  wakeUps: "wakeUps",
  deadWakeUps: "deadWakeUps",
  notices: "notices",
  intake: "intake",
  deadIntake: "deadIntake",
  outcomeBus: "outcomeBus",
  bucket: "bucket",
  taskArtifacts: "taskArtifacts",
  auditFiles: "auditFiles",
  tokenSecret: "tokenSecret",
  auditKey: "auditKey",
  auditPublicKey: "auditPublicKey",
  credentials: "credentials",
  webhookSecrets: "webhookSecrets",
  clusters: [
    { cluster: "cluster", tasks: "tasks", taskDefinitions: "taskDefinitions", executionRole: "executionRole" },
  ],
};
const rights = rightsOf<string>(names);

/** What a call of the cloud asks of AWS, as `functions/aws` makes it. */
const asks: Record<string, string[]> = {
  "artifacts.read": ["s3:GetObject taskArtifacts", "s3:ListBucket bucket"],
  "artifacts.uploadUrl": ["s3:PutObject taskArtifacts"],
  "artifacts.downloadUrl": ["s3:GetObject taskArtifacts"],
  "artifacts.putAuditFile": ["s3:PutObject auditFiles"],
  "artifacts.readAuditFile": ["s3:GetObject auditFiles", "s3:ListBucket bucket"],
  "auditKey.publicKey": ["ssm:GetParameter auditPublicKey"],
  "auditKey.sign": ["ssm:GetParameter auditKey"],
  "credentials.get": ["ssm:GetParameter credentials"],
  "credentials.list": ["ssm:GetParametersByPath credentials"],
  "credentials.put": ["ssm:PutParameter credentials"],
  "credentials.remove": ["ssm:DeleteParameter credentials"],
  "webhookSecrets.get": ["ssm:GetParameter webhookSecrets"],
  "webhookSecrets.put": ["ssm:PutParameter webhookSecrets"],
  "webhookSecrets.remove": ["ssm:DeleteParameter webhookSecrets"],
  "wakeUps.send": ["sqs:SendMessage wakeUps"],
  "wakeUps.probe": ["sqs:GetQueueAttributes wakeUps"],
  "noticeQueue.send": ["sqs:SendMessage notices"],
  "outcomeBus.publish": ["events:PutEvents outcomeBus"],
  "intake.bury": ["sqs:SendMessage deadIntake"],
  "intake.postpone": ["sqs:ChangeMessageVisibility intake"],
  "sandboxes.launch": ["ecs:RunTask taskDefinitions", "ecs:TagResource tasks", "iam:PassRole executionRole"],
  "sandboxes.stop": ["ecs:StopTask tasks"],
  "sandboxes.describe": ["ecs:DescribeTasks tasks"],
  "sandboxes.findByAgent": ["ecs:ListTasks *", "ecs:DescribeTasks tasks"],
  "sandboxes.listRunning": ["ecs:ListTasks *", "ecs:DescribeTasks tasks"],
  "sandboxes.probe": ["ecs:DescribeClusters cluster"],
};
/** Asked for in ways that the text does not show: of the table by everybody, of queues by Lambda itself, of one queue by the health check. */
const beyondText = /^dynamodb:|^sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes) | tokenSecret$/;

/** The calls in one file. Sandboxes are handed on under that name, so there the verb alone tells. */
function callsIn(text: string): string[] {
  return Object.keys(asks).filter((call) => {
    const [member = "", verb = ""] = call.split(".");
    const verbs = new RegExp(`\\.${verb}\\(`);
    if (member === "sandboxes") return /\bsandboxes\b/.test(text) && verbs.test(text);
    return new RegExp(`\\b${member}\\??\\.${verb}\\(`).test(text);
  });
}

interface Esbuild {
  build(options: object): Promise<{ outputFiles: { text: string }[] }>;
}
const { build } = openEsbuild<Esbuild>();

/** What a function brings along of our own, file by file, without what it never calls; and without the packages. */
async function filesOf(entryPoint: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [join(root, entryPoint)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
  const parts = String(outputFiles[0]?.text).split(/^\/\/ (functions\/\S+)$/m);
  const files = new Map<string, string>();
  for (let at = 1; at < parts.length; at += 2) files.set(String(parts[at]), String(parts[at + 1]));
  return files;
}

const grantedTo = (name: FunctionName) =>
  rights[name]
    .filter(({ effect }) => effect !== "deny")
    .flatMap(({ actions, resources }) => actions.flatMap((action) => resources.map((on) => `${action} ${on}`)));

async function askedBy(name: FunctionName): Promise<Map<string, string>> {
  const asked = new Map<string, string>();
  for (const [file, text] of await filesOf(entryPoints[name].file)) {
    // These make the calls for whoever asks; who asks is what matters here.
    if (file === "functions/cloud.ts" || file.startsWith("functions/aws/")) continue;
    for (const call of callsIn(text)) for (const right of asks[call] ?? []) asked.set(right, `${call} in ${file}`);
  }
  return asked;
}

describe.each(Object.keys(entryPoints) as FunctionName[])("the function %s", async (name) => {
  const [granted, asked] = [grantedTo(name), await askedBy(name)];

  it("may do all that its code may come to ask for", () => {
    expect([...asked].filter(([right]) => !granted.includes(right))).toEqual([]);
  });

  it("may do nothing that its code never asks for", () => {
    expect(granted.filter((right) => !asked.has(right) && !beyondText.test(right))).toEqual([]);
  });
});

describe("this check itself", () => {
  it("finds who launches, who signs, and who reads credentials", async () => {
    expect([...(await askedBy("dispatcher")).keys()]).toContain("ecs:RunTask taskDefinitions");
    expect([...(await askedBy("digest")).keys()]).toContain("ssm:GetParameter auditKey");
    expect([...(await askedBy("kill")).keys()]).not.toContain("ssm:GetParameter credentials");
  });
});
