// Does the run for deployed stages find a good one good, and a bad one bad? Pointed at the local stack, as it would be at AWS.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { useReceiver } from "../support/receiver.ts";
import { useRemote } from "../support/remote.ts";
import { call, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const remote = useRemote({ "a.txt": "a\n" }, "a-token");
const receiver = useReceiver();
const script = resolve(import.meta.dirname, "../../scripts/conformance.ts");

async function run(args: string[], variables: Record<string, string>) {
  const env = { PATH: process.env.PATH, ...variables };
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { said: out + err, code: child.exitCode };
}

it("a stage that does what it promises passes, and nothing of the run is left", async () => {
  const { said, code } = await run(["--aws", stack.local.url, "--repository", remote.url, "--webhook", receiver.url], {
    DROVER_API_KEY: stack.local.apiKey,
    DROVER_GIT_TOKEN: "a-token",
  });
  expect(said).toMatch(/at most 3 sandboxes for 15 minutes each, so at most \$0\.\d\d\./);
  expect(said.match(/^ {2}ok /gm), said).toHaveLength(4);
  expect(said).not.toContain("FAILED");
  expect(code).toBe(0);
  expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual(["task.completed"]);
  expect(remote.git("branch", "--list", "drover/*")).toBe("");
  const [, workspace = ""] = /(conformance-\w+) is stopped/.exec(said) ?? [];
  const { body } = await call(stack, "GET", `/api/orchestrator/workspaces/${workspace}/keys`);
  expect(body.keys.filter((key: { revokedAt?: string }) => key.revokedAt === undefined)).toEqual([]);
  expect(await stack.cloud.table.countTasks(workspace)).toMatchObject({ active: 0, completed: 1 });
  expect(await stack.cloud.sandboxes("default").listRunning()).toEqual([]);
});

it("a stage whose branches arrive nowhere fails, and the run ends with that", async () => {
  const { said, code } = await run(["--aws", stack.local.url, "--repository", `${remote.url}/elsewhere`], {
    DROVER_API_KEY: stack.local.apiKey,
    DROVER_GIT_TOKEN: "a-token",
  });
  expect(said).toMatch(/FAILED {2}a task goes in.*repository_not_found/);
  expect(code).toBe(1);
});

it("what is missing is named before anything is begun, and a wrong key is said to be one", async () => {
  const { said, code } = await run(["--aws", stack.local.url], {});
  expect([said, code]).toEqual([expect.stringContaining("Missing: --repository, DROVER_API_KEY"), 1]);
  const refused = await run(["--aws", stack.local.url, "--repository", remote.url], { DROVER_API_KEY: "drv_wrong" });
  expect([refused.said, refused.code]).toEqual([expect.stringContaining("invalid_api_key"), 1]);
});
