import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ask, DroverProblem, type FleetFeedEvent, openDrover, type TaskFeedEvent } from "../../clients/client.ts";
import { generateTypes, typesFile } from "../../scripts/generate-client.ts";
import { checkInvariants } from "../support/invariants.ts";
import { useRemote } from "../support/remote.ts";
import { kill, untilSettled, useStack } from "../support/stack.ts";

const stack = useStack();
const remote = useRemote();
const open = (options: Partial<Parameters<typeof openDrover>[0]> = {}) =>
  openDrover({ url: stack.local.url, apiKey: stack.local.apiKey, ...options });
const task = (script: string) => ({
  repository: remote.url,
  prompt: "Try",
  agent: { kind: "command" as const, command: ["sh", "-c", script] },
});

it("the client's types are those of the API's document", async () => {
  expect(readFileSync(typesFile, "utf8")).toBe(await generateTypes());
});

it("a task is submitted, followed to its end and read, all typed", async () => {
  const { api, followTask } = open();
  const { taskId } = await ask(api.POST("/api/orchestrator/tasks", { body: task("echo ran > ran") }));
  const kinds: string[] = [];
  for await (const event of followTask(taskId)) kinds.push(event.kind === "audit" ? event.event.type : event.kind);
  expect(kinds[0]).toBe("created");
  expect(kinds.at(-1)).toBe("end");
  expect(kinds).toContain("completed");
  const params = { path: { taskId } };
  const { status, branch } = await ask(api.GET("/api/orchestrator/tasks/{taskId}", { params }));
  expect({ status, branch }).toEqual({ status: "completed", branch: `drover/${taskId}` });
  await checkInvariants(stack, [taskId as `tsk_${string}`]);
});

describe("what the API refuses", () => {
  it("is thrown with its code and with words for people", async () => {
    const params = { path: { taskId: "tsk_01K0000000000000000000000A" } };
    const refused = ask(open().api.GET("/api/orchestrator/tasks/{taskId}", { params }));
    await expect(refused).rejects.toMatchObject({ code: "task_not_found", status: 404 });
    await expect(refused).rejects.toThrow(/List the tasks/);
  });

  it("is not asked again by a feed", async () => {
    const feed = open({ apiKey: "drv_wrong" }).followTask("tsk_01K0000000000000000000000A");
    await expect(feed.next()).rejects.toThrow(DroverProblem);
  });
});

it("an answer that is not drover's says so", async () => {
  const elsewhere = open({ fetch: async () => new Response("<html>", { status: 502 }) });
  await expect(ask(elsewhere.api.GET("/api/session"))).rejects.toThrow(/502, and not as drover does/);
});

/** Lets each stream have so many events and then breaks it, in the middle of the next; or ends it there as it should. */
function breaking(after: number, how: "broken" | "ended" = "broken") {
  let connections = 0;
  const lossy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    connections += 1;
    let left = after;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      async transform(bytes, controller) {
        for (const part of Buffer.from(bytes)
          .toString()
          .split(/(?<=\n\n)/)) {
          if (left === 0 && how === "ended") return controller.terminate();
          if (left === 0) controller.enqueue(Buffer.from(part.slice(0, part.length / 2)));
          // What was sent is read before the line dies, as it would be.
          if (left === 0) await new Promise((read) => setTimeout(read, 100));
          if (left === 0) return controller.error(new Error("the line is dead"));
          left -= 1;
          controller.enqueue(Buffer.from(part));
        }
      },
    });
    return new Response(response.body?.pipeThrough(cut), response);
  };
  return { lossy, connections: () => connections };
}

it("a feed whose connection breaks again and again has every event once, in order", async () => {
  const { lossy, connections } = breaking(4);
  const { api, followTask } = open({ fetch: lossy });
  const { taskId } = await ask(api.POST("/api/orchestrator/tasks", { body: task("echo a; sleep 1; echo b > ran") }));
  await untilSettled(stack, taskId as `tsk_${string}`);
  const events: TaskFeedEvent[] = [];
  const states: boolean[] = [];
  const onConnection = ({ connected }: { connected: boolean }) => states.push(connected);
  for await (const event of followTask(taskId, { onConnection })) events.push(event);
  const versions = events.flatMap((event) => (event.kind === "audit" ? event.event.version : []));
  const { version } = await ask(api.GET("/api/orchestrator/tasks/{taskId}", { params: { path: { taskId } } }));
  expect(versions).toEqual(Array.from({ length: version }, (_, index) => index + 1));
  expect(connections()).toBeGreaterThan(1);
  expect(states).toContain(false);
});

it("a feed whose streams end as they should goes on without a gap, and tells of no loss", async () => {
  const { lossy, connections } = breaking(6, "ended");
  const { api, followTask } = open({ fetch: lossy });
  const { taskId } = await ask(api.POST("/api/orchestrator/tasks", { body: task("echo a; echo b > ran") }));
  await untilSettled(stack, taskId as `tsk_${string}`);
  const states: boolean[] = [];
  const onConnection = ({ connected }: { connected: boolean }) => states.push(connected);
  const versions: number[] = [];
  let fourth = "";
  for await (const event of followTask(taskId, { onConnection })) {
    if (event.kind === "audit") versions.push(event.event.version);
    if (event.kind === "audit" && event.event.version === 4) fourth = event.id;
  }
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  expect(connections()).toBeGreaterThan(1);
  expect(states).toEqual(Array.from({ length: connections() }, () => true));
  const rest = open().followTask(taskId, { after: fourth });
  expect(await rest.next()).toMatchObject({ value: { kind: "audit", event: { version: 5 } } });
  await rest.return(undefined);
});

it("the fleet's feed begins with what is active, drops what comes twice, and ends when told to", async () => {
  const { api, followFleet } = open();
  const { taskId } = await ask(api.POST("/api/orchestrator/tasks", { body: task("sleep 60") }));
  const ending = new AbortController();
  const seen: FleetFeedEvent[] = [];
  for await (const event of followFleet({ signal: ending.signal })) {
    seen.push(event);
    if (event.kind === "snapshot") await kill(stack, taskId as `tsk_${string}`);
    else if (event.event.type === "killed") ending.abort();
  }
  const [first] = seen;
  expect(first?.kind === "snapshot" && first.snapshot.tasks.map((one) => one.taskId)).toContain(taskId);
  const ids = seen.flatMap((event) => (event.kind === "audit" ? event.id : []));
  expect(new Set(ids).size).toBe(ids.length);
  await untilSettled(stack, taskId as `tsk_${string}`);
});

it("a super admin looks into another workspace, and nobody else does", async () => {
  const { api } = open();
  const params = { query: { workspace: "elsewhere" } };
  expect((await ask(api.GET("/api/orchestrator/tasks", { params }))).tasks).toEqual([]);
  expect(await ask(api.GET("/api/orchestrator/workspaces"))).toEqual({ workspaces: ["default"] });
  const made = await ask(
    api.POST("/api/orchestrator/workspaces/{workspace}/keys", {
      params: { path: { workspace: "default" } },
      body: { name: "a member", role: "member" },
    }),
  );
  const member = open({ apiKey: made.apiKey });
  await expect(ask(member.api.GET("/api/orchestrator/stats", { params }))).rejects.toMatchObject({ code: "forbidden" });
  await expect(member.followFleet({ workspace: "elsewhere" }).next()).rejects.toMatchObject({ code: "forbidden" });
});
