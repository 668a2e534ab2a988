import { expect, it } from "vitest";
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
