import { describe, expect, it, onTestFinished } from "vitest";
import { nothingSpent } from "../../functions/core/budget.ts";
import type { StartAnswer } from "../../functions/core/callbacks.ts";
import { startHeartbeat } from "../../functions/sandbox/heartbeat.ts";
import { OutputLog } from "../../functions/sandbox/output-log.ts";
import { type CallbackServer, problem, running, serveCallbacks } from "./callbacks-server.ts";

const minute = 60_000;

function start({ plane }: CallbackServer, { beatMs = 10, patienceMs = minute } = {}) {
  const lost = Promise.withResolvers<string>();
  const log = new OutputLog();
  const heartbeat = startHeartbeat(
    plane,
    { beatMs, patienceMs, leaseMs: minute, beatCharacters: 20 } as StartAnswer,
    log,
    lost.resolve,
  );
  onTestFinished(heartbeat.stop);
  return { heartbeat, log, lost: lost.promise };
}

it("a beat names the step, what was printed and what was spent, and is numbered", async () => {
  const server = await serveCallbacks(() => running());
  const { heartbeat, log } = start(server, { beatMs: minute });
  await server.count("beat", 1);
  heartbeat.enter("cloning", minute);
  log.write("hello\n");
  let turns = 1;
  heartbeat.carry({ spend: () => ({ ...nothingSpent, turns }) });
  turns = 2;
  await heartbeat.beat();
  expect(server.heard.map(({ body }) => [body.seq, body.step])).toEqual([
    [1, "starting"],
    [2, "cloning"],
  ]);
  expect(server.heard[1]?.body).toMatchObject({ output: "hello\n", outputLength: 6, spend: { turns: 2 } });
  expect(server.heard[0]?.body).not.toHaveProperty("spend");
});

it("a beat carries the end of what was printed, as much as the control plane wants to pay for", async () => {
  const server = await serveCallbacks(() => running());
  const { heartbeat, log } = start(server, { beatMs: minute });
  await server.count("beat", 1);
  log.write(`${"a".repeat(30)}${"b".repeat(20)}`);
  await heartbeat.beat();
  expect(server.heard[1]?.body).toMatchObject({ output: "b".repeat(20), outputLength: 50 });
});

it("beats go out one after the other, or an older one could be written last", async () => {
  const first = Promise.withResolvers<void>();
  let underWay = 0;
  const server = await serveCallbacks(async (_, number) => {
    underWay += 1;
    expect(underWay).toBe(1);
    if (number === 1) await first.promise;
    underWay -= 1;
    return running();
  });
  const { heartbeat } = start(server);
  await server.count("beat", 1);
  const beats = [heartbeat.beat(), heartbeat.beat()];
  expect(server.heard).toHaveLength(1);
  first.resolve();
  await Promise.all(beats);
  expect(server.heard.map(({ body }) => body.seq).slice(0, 3)).toEqual([1, 2, 3]);
});

it("a step that takes longer than it may is beaten for no more, and the next one is", async () => {
  const server = await serveCallbacks(() => running());
  const { heartbeat } = start(server, { beatMs: 1 });
  await server.count("beat", 1);
  heartbeat.enter("hanging", -1);
  const before = server.heard.length;
  // Those that are asked for still go out, and between them there is time for others.
  const askedFor = 50;
  for (let number = 0; number < askedFor; number += 1) await heartbeat.beat();
  // One more may have been on its way when the step began.
  expect(server.heard.length).toBeLessThanOrEqual(before + askedFor + 1);
  heartbeat.enter("going on", minute);
  await server.count("beat", before + askedFor + 3);
  expect(server.heard.at(-1)?.body.step).toBe("going on");
});

it("the number of the last message comes with the answer", async () => {
  const server = await serveCallbacks((_, number) => running(number));
  const { heartbeat } = start(server, { beatMs: minute });
  expect(heartbeat.inbox()).toBe(0);
  await heartbeat.beat();
  expect(heartbeat.inbox()).toBe(2);
});

describe("the attempt is lost", () => {
  it.each([
    "task_not_found",
    "task_ended",
    "task_stopped",
    "attempt_superseded",
    "illegal_transition",
  ] as const)("at the first %s", async (code) => {
    const server = await serveCallbacks(() => problem(code));
    expect(await start(server).lost).toContain(code);
    expect(server.heard).toHaveLength(1);
  });

  it("when nobody but a proxy has answered for the length of a lease", async () => {
    const server = await serveCallbacks(() => ({ status: 403, body: {} }), { patienceMs: 20 });
    expect(await start(server, { patienceMs: 200 }).lost).toMatch(/nobody has answered for \d+ ms/);
  });

  it("when nobody has answered for the length of a lease", async () => {
    const server = await serveCallbacks(() => "silence", { patienceMs: 20 });
    expect(await start(server, { patienceMs: 200 }).lost).toMatch(/nobody has answered for \d+ ms/);
  });
});

it("a table that is busy with the task, and a server that fails, are asked again", async () => {
  const server = await serveCallbacks((_, number) => {
    if (number === 1) return problem("concurrent_update");
    if (number === 2) return problem("internal_error");
    return running();
  });
  const { lost } = start(server);
  await server.count("beat", 5);
  expect(await Promise.race([lost, "going on"])).toBe("going on");
});

it("what is not the control plane's own refusal dismisses nobody", async () => {
  const foreign = [
    { status: 401, body: {} },
    { status: 403, body: { message: "Forbidden" } },
    { status: 404, body: { code: "task_not_found" } },
    problem("route_not_found"),
    problem("token_of_another_task"),
  ];
  const server = await serveCallbacks((_, number) => foreign[number - 1] ?? running());
  const { lost } = start(server);
  await server.count("beat", foreign.length + 2);
  expect(await Promise.race([lost, "going on"])).toBe("going on");
});
