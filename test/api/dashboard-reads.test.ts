import { expect, it } from "vitest";
import { apply, claim, createTask, kill } from "../contract/support.ts";
import { call, useStack } from "../support/stack.ts";

const stack = useStack();
const base = "/api/orchestrator";
const credentials = `${base}/workspaces/default/credentials`;

const memberOf = async (workspace: string) => {
  const made = await call(stack, "POST", `${base}/workspaces/${workspace}/keys`, { name: "m", role: "member" });
  return { "x-api-key": made.body.apiKey as string };
};

it("the names of a workspace's credentials are listed, more than a page of them, and nothing that they hold", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `git-${String(index).padStart(2, "0")}`);
  for (const name of names) await call(stack, "PUT", `${credentials}/${name}`, { token: "a-secret-token" });
  const listed = await call(stack, "GET", credentials, undefined, await memberOf("default"));
  expect(listed.body).toEqual({ names, paused: [] });
  expect(JSON.stringify(listed.body)).not.toContain("a-secret-token");
});

it("the names of another workspace's credentials are for its own keys", async () => {
  expect((await call(stack, "GET", credentials, undefined, await memberOf("elsewhere"))).status).toBe(403);
  expect((await call(stack, "GET", `${base}/workspaces/elsewhere/credentials`)).body).toEqual({
    names: [],
    paused: [],
  });
});

it("a credential whose provider is out of quota is told so, until its time has come", async () => {
  const until = Date.now() + 3_600_000;
  const pause = { lengthMs: 3_600_000, saidBy: "tsk_0" } as const;
  await stack.cloud.table.pauseProvider("default", "git-03", { ...pause, until });
  await stack.cloud.table.pauseProvider("default", "git-04", { ...pause, until: Date.now() - 1 });
  const { paused } = (await call(stack, "GET", credentials)).body;
  expect(paused).toEqual([{ name: "git-03", until: new Date(until).toISOString() }]);
});

it("how many tasks are in which state is told of one's own workspace, and of all in one answer to a super admin alone", async () => {
  const path = `${base}/stats`;
  const { table } = stack.cloud;
  const due = { kind: "ready", at: Date.now() + 86_400_000 } as const;
  const make = (workspace: string) => createTask(table, { workspace, due });
  await make("default");
  await make("elsewhere");
  await make("further");
  const launching = await apply(table, await make("elsewhere"), claim({ pool: "global", index: 19 }));
  const elsewhere = await memberOf("elsewhere");
  const none = { queued: 0, running: 0, verifying: 0, publishing: 0, completed: 0, failed: 0, killed: 0 };
  const its = { ...none, delayed: 1, launching: 1 };
  expect((await call(stack, "GET", path, undefined, elsewhere)).body).toEqual(its);
  expect((await call(stack, "GET", path)).body).toEqual({ ...its, launching: 0 });
  const all = await call(stack, "GET", `${path}?everything=true`);
  expect(all.body).toEqual({ ...its, delayed: 3, workspaces: 3 });
  expect((await call(stack, "GET", `${path}?everything=true`, undefined, elsewhere)).status).toBe(403);
  await apply(table, launching, kill);
  expect((await call(stack, "GET", `${path}?everything=true`)).body).toMatchObject({ launching: 0, killed: 1 });
});

it("everybody may see that everything is stopped, and by whom and why", async () => {
  const member = await memberOf("default");
  expect((await call(stack, "GET", `${base}/global/switch`, undefined, member)).body).toMatchObject({ stopped: false });
  await call(stack, "POST", `${base}/emergency-stop`, { reason: "a drill" });
  const stopped = await call(stack, "GET", `${base}/global/switch`, undefined, member);
  expect(stopped.body).toMatchObject({ stopped: true, reason: "a drill", by: expect.stringMatching(/^key_/) });
  await call(stack, "POST", `${base}/global/release`, { reason: "over" });
  expect((await call(stack, "GET", `${base}/global/switch`, undefined, member)).body).toMatchObject({ stopped: false });
});

it("the last day is told hour by hour, of one's own workspace, and of all to a super admin alone", async () => {
  const path = `${base}/stats/hours`;
  const { hours } = (await call(stack, "GET", path)).body;
  expect(hours).toHaveLength(25);
  const times = hours.map(({ at }: { at: string }) => Date.parse(at));
  expect(times).toEqual(times.map((_: number, n: number) => times[0] + n * 3_600_000));
  expect(Date.now() - times.at(-1)).toBeLessThan(2 * 3_600_000);
  const elsewhere = await memberOf("elsewhere");
  expect((await call(stack, "GET", path, undefined, elsewhere)).status).toBe(200);
  expect((await call(stack, "GET", `${path}?workspace=default`, undefined, elsewhere)).status).toBe(403);
  expect((await call(stack, "GET", `${path}?everything=true`, undefined, elsewhere)).status).toBe(403);
  expect((await call(stack, "GET", `${path}?everything=true`)).body.hours).toHaveLength(25);
});
