import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { docsFile, renderCliDocs } from "../../scripts/generate-cli-docs.ts";
import { drover, type RunOptions, toStack } from "../support/drover.ts";
import { headersOf, labelled, sign } from "../support/forge-hooks.ts";
import { useReceiver } from "../support/receiver.ts";
import { useRemote } from "../support/remote.ts";
import { call, submit, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";

const stack = useStack({ DROVER_WEBHOOKS_ALLOW_LOOPBACK: "true" });
const remote = useRemote();
const receiver = useReceiver();
const dir = mkdtempSync(join(tmpdir(), "drover-cli-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const cli = (args: string[], options: RunOptions = {}) =>
  drover(args, { ...options, cwd: dir, env: { ...toStack(stack), ...options.env } });
/** A command that has to succeed; answers what it printed. */
const good = async (args: string[], options: RunOptions = {}) => {
  const { code, stdout, stderr } = await cli(args, options);
  expect(code, stderr).toBe(0);
  return stdout;
};
const why = ["--reason", "the test says so"];
const detached = async (...options: string[]) =>
  (
    await good(["run", "-r", remote.url, "--detach", ...options, "--", "sh", "-c", "sleep 60"])
  ).trim() as `tsk_${string}`;

it("docs/cli.md is what the help texts say", () => {
  expect(readFileSync(docsFile, "utf8")).toBe(renderCliDocs());
});

it("a task that waits is changed, withdrawn and asked for again, as nobody runs while it is paused", async () => {
  expect(await good(["pause", ...why])).toContain("paused");
  const taskId = await detached("--priority", "2");
  expect(await good(["edit", taskId, "--priority", "9", "-l", "urgent"])).toContain("version 2");
  const stale = await cli(["edit", taskId, "--priority", "8", "--version-read", "1"]);
  expect(stale).toMatchObject({ code: 4, stderr: expect.stringContaining("version") });
  expect((await call(stack, "GET", `${tasksPath}/${taskId}`)).body).toMatchObject({ priority: 9, labels: ["urgent"] });
  await good(["cancel", taskId]);
  const again = (await good(["retry", taskId])).trim();
  expect(JSON.parse(await good(["show", again, "--json"]))).toMatchObject({ retryOf: taskId, status: "queued" });
  await good(["cancel", again, "--reason", "enough"]);
  expect(await good(["switch"])).toContain("paused: tasks wait");
  expect(await good(["resume", ...why])).toContain("open");
  expect(await good(["resume", ...why])).toContain("as it was already");
});

it("kill-all and stop kill what runs and admit nothing until they are released", async () => {
  const taskId = await detached();
  await untilStatus(stack, taskId, "running");
  expect(await good(["kill-all", ...why])).toMatch(/1 of 1 killed, 0 failed, 0 remain/);
  const refused = await cli(["run", "-r", remote.url, "--", "true"]);
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/stopped/);
  await good(["release", ...why]);
  expect(JSON.parse(await good(["stop", "--json", ...why]))).toMatchObject({ scope: "global", finished: true });
  expect(await good(["switch", "--everything"])).toContain("stopped: nothing is admitted");
  for (const args of [["switch"], ["release", ...why]]) {
    const { stdout, stderr } = await cli(args);
    expect(stdout).toContain("open");
    expect(stderr).toMatch(/global is stopped: .*the test says so.*drover release --everything/);
  }
  await good(["release", "--everything", ...why]);
  expect(await cli(["switch"])).toMatchObject({ stderr: "" });
  await untilSettled(stack, taskId);
});

it("YOLO is forbidden and allowed again", async () => {
  expect(await good(["forbid-yolo", ...why])).toContain("YOLO is forbidden");
  const refused = await cli(["run", "-r", remote.url, "--yolo", "in a hurry", "--", "true"]);
  expect(refused.code).toBe(4);
  await good(["allow-yolo", ...why]);
});

it("a message to an agent that reads none is refused", async () => {
  const taskId = await detached();
  expect((await cli(["message", taskId, "-"], { input: "Leave the parser alone" })).code).toBe(4);
  await good(["kill", taskId, ...why]);
  await untilSettled(stack, taskId);
});

it("a key is made, used by a file, and refused once it is revoked", async () => {
  const { code, stdout, stderr } = await cli(["keys", "create", "ci", "--role", "member"]);
  expect(code).toBe(0);
  const file = join(dir, "ci.key");
  writeFileSync(file, stdout, { mode: 0o600 });
  const keyId = /key_\w+/.exec(stderr)?.[0] ?? "";
  const asMember = ["--key-file", file];
  expect(JSON.parse(await good(["whoami", "--json", ...asMember]))).toMatchObject({ keyId, role: "member" });
  const forbidden = await cli(["keys", "ls", ...asMember]);
  expect(forbidden).toMatchObject({ code: 4, stderr: expect.stringContaining("workspace admin") });
  expect(await good(["keys", "ls"])).toContain(keyId);
  await good(["keys", "revoke", keyId]);
  expect((await cli(["whoami", ...asMember])).code).toBe(4);
});

describe("a credential", () => {
  it("comes from the standard input or a variable", async () => {
    expect(await good(["credentials", "set", "piped"], { input: "s3cret-token\n" })).toContain("piped");
    const env = { MODEL_KEY: "sk-test" };
    await good(["credentials", "set", "model", "--model", "anthropic", "--from-env", "MODEL_KEY"], { env });
    expect((await stack.cloud.credentials.get("default", "piped"))?.token).toBe("s3cret-token");
    expect((await stack.cloud.credentials.get("default", "model"))?.model).toMatchObject({ provider: "anthropic" });
    expect(await good(["credentials", "ls"])).toBe("model\npiped\n");
    expect(await good(["credentials", "resume", "model", ...why])).toContain("Nothing waited");
    expect(await good(["credentials", "remove", "model"])).toContain("model of workspace default is removed");
  });

  it("is not asked for at a silent terminal, never stands in an argument, and is not empty", async () => {
    const silent = await cli(["credentials", "set", "x"], { columns: 80 });
    expect(silent).toMatchObject({ code: 2, stdout: expect.stringContaining("pipe it into this command") });
    expect((await cli(["credentials", "set", "x", "s3cret"])).code).toBe(2);
    expect((await cli(["credentials", "set", "x"], { input: "" })).code).toBe(4);
  });
});

it("backends are listed, tested, paused and resumed", async () => {
  expect(await good(["backends", "ls"])).toMatch(/^NAME.*\ndefault\s+open/);
  expect(await good(["backends", "test", "default"])).toMatch(/answered in \d+ ms/);
  expect(await good(["backends", "pause", "default", ...why])).toContain("paused");
  await good(["backends", "resume", "default", ...why]);
  const endpoint = "http://127.0.0.1:9";
  const added = ["backends", "add", "far", "--cluster", "c", "--endpoint", endpoint, "--note", "a test"];
  expect(JSON.parse(await good([...added, "--json"]))).toMatchObject({ name: "far", health: { reachable: false } });
  expect((await cli(["backends", "test", "far"])).code).toBe(1);
  expect(await good(["backends", "revoke", "far", ...why])).toContain("0 of 0 killed");
});

it("a webhook is added, its deliveries are listed and repeated, and it is removed", async () => {
  const { stdout, stderr } = await cli(["webhooks", "add", `${receiver.url}/hook`, "--event", "task.completed"]);
  expect(stdout).toMatch(/^whsec_\S+\n$/);
  const webhookId = /whk_\w+/.exec(stderr)?.[0] ?? "";
  expect(await good(["webhooks", "ls"])).toContain(webhookId);
  const taskId = await submit(stack, { repository: remote.url, command: ["true"] });
  await untilSettled(stack, taskId);
  const read = async () => JSON.parse(await good(["webhooks", "deliveries", webhookId, "--json"])).deliveries;
  const [delivery] = await until("it is delivered", async () => {
    const deliveries = await read();
    return deliveries[0]?.state === "delivered" && deliveries;
  });
  expect(await good(["webhooks", "deliveries", webhookId])).toContain(delivery.deliveryId);
  await good(["webhooks", "redeliver", webhookId, delivery.deliveryId]);
  await until("it came again", async () => receiver.received.filter(({ path }) => path === "/hook").length > 1);
  await good(["webhooks", "remove", webhookId]);
});

it("a schedule is added, known by its name, run at once, paused, changed and removed", async () => {
  const options = ["--timezone", "Europe/Berlin", "-r", remote.url, "--priority", "8"];
  const { stdout, stderr } = await cli(["schedules", "add", "nightly", "0 3 * * *", ...options, "--", "true"]);
  expect(stdout, stderr).toMatch(/^sch_\S+\n$/);
  expect(stderr).toMatch(/comes next at \d{4}-/);
  const taskId = (await good(["schedules", "run", "nightly"])).trim() as `tsk_${string}`;
  expect(await untilSettled(stack, taskId)).toMatchObject({ priority: 8, owner: "schedule:nightly" });
  expect(await good(["schedules", "pause", stdout.trim()])).toContain("nightly is paused");
  expect(await good(["schedules", "edit", "nightly", "--cron", "@weekly"])).toContain("paused");
  expect(await good(["schedules", "ls"])).toMatch(/nightly\s+@weekly\s+Europe\/Berlin\s+paused/);
  await good(["schedules", "edit", "nightly", "-r", remote.url, "--title", "Nothing", "--", "false"]);
  expect(await stack.cloud.table.listSchedules("default")).toMatchObject([
    { cron: "@weekly", task: { title: "Nothing", agent: { command: ["false"] }, priority: 5 } },
  ]);
  const unchanged = await cli(["schedules", "edit", "nightly"]);
  expect(unchanged).toMatchObject({ code: 2, stderr: expect.stringContaining("Say what to change: --name") });
  const unknown = await cli(["schedules", "run", "weekly"]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("no schedule weekly. It has: nightly") });
  await good(["schedules", "remove", "nightly"]);
  expect(await stack.cloud.table.listSchedules("default")).toEqual([]);
});

it("a source is added with what its tasks are, and its issues become tasks until it is removed", async () => {
  const shop = remote.url.replace("bare.git", "acme/shop.git");
  const repositories = [shop.replace("shop.git", "*")];
  const credential = { token: "t", repositories, forge: { kind: "github", apiUrl: receiver.url } };
  await call(stack, "PUT", "/api/orchestrator/workspaces/default/credentials/forge", credential);
  const of = ["--kind", "github", "--repositories", ...repositories];
  const none = await cli(["sources", "add", "issues", ...of, "--", "true"]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("--issue-label") });
  const task = ["--priority", "9", "--credential", "forge", "--json", "--", "true"];
  const { sourceId, path, secret } = JSON.parse(
    await good(["sources", "add", "issues", ...of, "--issue-label", "drover", ...task]),
  );
  expect(await good(["sources", "ls"])).toMatch(/issues\s+github\s+label drover/);
  const body = JSON.stringify(labelled(shop, "drover"));
  const headers = headersOf("github", "issues", sign(secret, body));
  const send = () => fetch(`${stack.local.url}${path}`, { method: "POST", body, headers });
  const { taskId } = (await (await send()).json()) as { taskId: `tsk_${string}` };
  expect(await untilSettled(stack, taskId)).toMatchObject({ priority: 9, owner: "source:issues" });
  await until("a comment is owed", async () => /task.completed/.test(await good(["sources", "comments", taskId])));
  await good(["sources", "remove", sourceId]);
  expect((await send()).status).toBe(401);
});

it("an export of the audit log is verified offline, and a changed one is not", async () => {
  // Before the log: a digest that is written between the two would list what the log does not have yet.
  const listed = await good(["audit", "digests"]);
  const log = await good(["audit", "export"]);
  const [whole, changed, digests] = ["audit.ndjson", "changed.ndjson", "digests.ndjson"].map((name) => join(dir, name));
  writeFileSync(whole as string, log);
  writeFileSync(changed as string, log.replace("the test says so", "the test said so"));
  writeFileSync(digests as string, listed);
  const key = (await good(["audit", "key"])).trim();
  const verify = (file: string) =>
    cli(["verify", "--export", file, "--digests", digests as string, "--public-key", key]);
  expect(await verify(whole as string)).toMatchObject({ code: 0, stdout: expect.stringContaining("0 findings") });
  expect((await verify(changed as string)).code).toBe(1);
  const absent = join(dir, "absent.ndjson");
  expect(await verify(absent)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`There is no ${absent}. Make it with`),
  });
});

describe("doctor", () => {
  it("says what is well, and leaves 0", async () => {
    const said = await good(["doctor", "--service-only", "-r", remote.workDir]);
    expect(said).toMatch(/drover answers at .*\n.*super admin.*\n.*table ok, queue ok, cluster ok\n.*1 branches/);
  });

  it("names what is in the way with its remedy, and leaves 1", async () => {
    const unreachable = { DROVER_URL: "http://127.0.0.1:9" };
    const silent = await cli(["doctor", "--service-only"], { env: unreachable });
    expect(silent).toMatchObject({ code: 1, stdout: expect.stringMatching(/wrong: .*Nobody answers.*drover up/) });
    const badKey = await cli(["doctor", "--service-only"], { env: { DROVER_API_KEY: "drv_wrong" } });
    expect(badKey).toMatchObject({ code: 1, stdout: expect.stringMatching(/well: .*\nwrong: .*API key/) });
    const strange = await cli(["doctor", "--service-only", "-r", dir]);
    expect(strange).toMatchObject({ code: 1, stdout: expect.stringContaining("Is it a git repository") });
  });
});

it("completion is a script that bash takes, and completes commands and choices", async () => {
  const script = await good(["completion", "bash"]);
  expect(spawnSync("bash", ["-n"], { input: script }).status).toBe(0);
  expect(await good(["complete", "--", "ki"])).toMatch(/kill\t.*\nkill-all\t/);
  expect(await good(["complete", "--", "ls", "--status", ""])).toContain("verifying");
});

it("up runs the stack where it is told to, whose directory then leads there, until it is ended", async () => {
  const home = join(dir, "home");
  let child: { kill(signal: NodeJS.Signals): boolean } | undefined;
  const ended = drover(["up", "--port", "0", "--data", join(home, ".drover")], {
    env: { DROVER_BEAT_MS: "100" },
    onOutput: (_, running) => (child = running),
  });
  const address = join(home, ".drover", "url");
  await until("it has left its address", async () => existsSync(address));
  const found = await drover(["whoami", "--json"], { cwd: home });
  expect(JSON.parse(found.stdout)).toMatchObject({ url: readFileSync(address, "utf8").trim(), role: "super_admin" });
  child?.kill("SIGTERM");
  expect((await ended).code).toBe(0);
  expect(existsSync(address)).toBe(false);
});
