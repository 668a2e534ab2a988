import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, expect, it } from "vitest";
import type { TaskId } from "../../functions/core/ids.ts";
import { cloneRepository } from "../../functions/git/clone.ts";
import { commitChanges } from "../../functions/git/commit-changes.ts";
import { pushCommit } from "../../functions/git/push.ts";
import { scanContent } from "../../functions/sandbox/secrets/scan-content.ts";
import { plant } from "../sandbox/secrets/planted.ts";
import { checkInvariants } from "../support/invariants.ts";
import { bash, done, useModel } from "../support/model.ts";
import { useReceiver } from "../support/receiver.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, until, untilSettled, useStack } from "../support/stack.ts";

const leaked = plant("github personal token");
const known = plant("database url");
const allowed = plant("json web token");
const [fingerprint] = (await scanContent({ content: Buffer.from(allowed.text), known: [], allowed: [] })).findings.map(
  (finding) => finding.fingerprint,
);

const stack = useStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const remote = useRemote({
  "README.md": "# Base\n",
  ".env": `${known.text}PORT=1\n`,
  "drover.yaml": `secrets:\n  allow: ["${fingerprint}"]\n`,
});
const receiver = useReceiver();
const model = useModel(stack);
const dir = mkdtempSync(join(tmpdir(), "drover-secrets-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A command that writes the text without naming it: what a command says is in the log, and is the user's own. */
function write(path: string, text: string): string[] {
  const hex = Buffer.from(text).toString("hex");
  return ["node", "-e", `fs.appendFileSync(${JSON.stringify(path)}, Buffer.from("${hex}", "hex"))`];
}

/** Is it in any object of the remote, whether a branch leads there or not? */
const isOnRemote = (secret: string) => remote.git("cat-file", "--batch-all-objects", "--batch").includes(secret);

async function everythingAbout(taskId: TaskId): Promise<string> {
  const { Items } = await new DynamoDBClient().send(new ScanCommand({ TableName: process.env.DROVER_TABLE }));
  const answers = await Promise.all(
    ["", "/log", "/diff"].map((path) => call(stack, "GET", `${tasksPath}/${taskId}${path}`)),
  );
  const events = await stack.cloud.table.listEvents(taskId, 0, 100);
  return JSON.stringify([Items, answers.map(({ body }) => body), events, receiver.received]);
}

it("a secret that the agent has written never reaches the remote, nor the log, the events, the failure or the notice", async () => {
  const hook = await call(stack, "POST", "/api/orchestrator/workspaces/default/webhooks", {
    url: `${receiver.url}/hook`,
  });
  expect(hook.status).toBe(201);
  const taskId = await submit(stack, { repository: remote.url, command: write("src-leak.ts", `// x\n${leaked.text}`) });
  const task = await untilSettled(stack, taskId);
  expect(task).toMatchObject({ status: "failed", attempt: 1, failure: { class: "agent_error" } });
  expect(task.failure?.message).toMatch(
    /^Not pushed, the secret scan found: src-leak\.ts:2 github [0-9a-f]{16}\. .*drover\.yaml/,
  );
  expect(task.permitId).toBeUndefined();

  await until("the notice has come", async () => receiver.received.some(({ body }) => body.includes(taskId)));
  const everything = await everythingAbout(taskId);
  expect(everything).toContain("secret: src-leak.ts:2 github");
  expect(everything).not.toContain(leaked.secret.slice(0, 12));
  expect(remote.git("branch", "--list", "drover/*")).toBe("");
  expect(isOnRemote(leaked.secret)).toBe(false);
  await checkInvariants(stack, [taskId]);
});

it("without the scan the same change would land: it is the scan that stops it", async () => {
  const repository = await cloneRepository({ dir: join(dir, "clone"), url: remote.url, branch: "main" });
  const commit = await commitChanges(repository, {
    parent: repository.baseCommit,
    changed: [{ path: "src-leak.ts", mode: "100644", content: Buffer.from(`// x\n${leaked.text}`) }],
    deleted: [],
    message: "The same",
    author: { name: "A", email: "a@b.test" },
    timestamp: 1,
  });
  const outcome = await pushCommit({ repository, commit, branch: "without-scan", url: remote.url, expect: "absent" });
  expect(outcome).toEqual({ kind: "pushed" });
  expect(isOnRemote(leaked.secret)).toBe(true);
});

it("a secret that the base branch has already does not stop a change of the same file", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: write(".env", "LOG_LEVEL=debug\n") });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", publishOutcome: "pushed" });
  expect(remote.git("show", `${drover(taskId)}:.env`)).toBe(`${known.text}PORT=1\nLOG_LEVEL=debug\n`);
  await checkInvariants(stack, [taskId]);
});

it("what the base branch allows passes, and an agent's own word for it does not count", async () => {
  const taskId = await submit(stack, { repository: remote.url, command: write("token.ts", allowed.text) });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", publishOutcome: "pushed" });

  const other = plant("json web token", 1);
  const scan = await scanContent({ content: Buffer.from(other.text), known: [], allowed: [] });
  const config = `secrets:\n  allow: ["${scan.findings[0]?.fingerprint}"]\n`;
  const script = [write("token.ts", other.text), write("drover.yaml", config)].map(([, , code]) => code).join(";");
  const refused = await submit(stack, {
    repository: remote.url,
    command: ["node", "-e", `fs.rmSync("drover.yaml");${script}`],
  });
  expect(await untilSettled(stack, refused)).toMatchObject({ status: "failed", failure: { class: "agent_error" } });
  expect(isOnRemote(other.secret)).toBe(false);
  await checkInvariants(stack, [taskId, refused]);
});

it("a model is told where its secret stands and mends its work; YOLO, which skips the gates, does not skip the scan", async () => {
  const [, , code] = write("src/config.js", `// x\n${leaked.text}`);
  const leak = bash(`mkdir -p src && node -e 'const fs = require("fs"); ${code}'`);
  const secret = plant("github personal token").secret;
  model.script = [{ tools: [leak] }, done, { tools: [bash("echo 'export {};' > src/config.js")] }, done];
  const taskId = await model.submit({ repository: remote.url, yolo: { reason: "a demonstration" } });
  expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed", attempt: 1, rejections: 1 });
  const heard = JSON.stringify(model.api.requests.at(-2)?.body.messages.at(-1));
  expect(heard).toMatch(/- src\/config\.js:2 github [0-9a-f]{16}, begins with/);
  expect(heard).not.toContain(secret.slice(-10));
  const rejected = (await stack.cloud.table.listEvents(taskId, 0, 100)).find(({ type }) => type === "rejected");
  expect(rejected?.data).toMatchObject({ rejectedBy: "secret_scan" });
  expect(remote.git("show", `${drover(taskId)}:src/config.js`)).toBe("export {};\n");
  await checkInvariants(stack, [taskId]);
});
