// Could the bench of many viewers miss what one of them was not shown? A proxy before the feeds withholds it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Endpoint, listenOnLoopback } from "../../../infra/local/aws-json.ts";
import { requestFor } from "../stack/life.ts";
import { makeRepository } from "../stack/make-repository.ts";
import { startRememberingRemote } from "../stack/remembering-remote.ts";
import { runMany } from "../stack/run-many.ts";
import { type PuppetStack, startPuppets } from "../stack/start-puppets.ts";
import { Heart } from "./beat.ts";
import { openChange } from "./change.ts";
import { type Fleet, onlyBeat, watchFleet, watchTasks } from "./phases.ts";

const agents = 3;
const turnMs = 600;
const changesPerSecond = 10;
const home = mkdtempSync(join(tmpdir(), "drover-phases-"));
let remote: Endpoint;
let stack: PuppetStack;
let proxy: Endpoint;
let fleet: Fleet;
/** What becomes of an event on its way to a viewer: by default it passes. */
let treat: (event: string) => "pass" | "withhold" | "hang up";

/** The feeds of the stack. */
const startProxy = () =>
  listenOnLoopback(async ({ url = "", headers }, response) => {
    const leaving = new AbortController();
    response.once("close", () => leaving.abort());
    const sent = { "x-api-key": String(headers["x-api-key"]) };
    const answer = await fetch(`${stack.url}${url}`, { headers: sent, signal: leaving.signal });
    response.writeHead(answer.status, { "content-type": "text/event-stream" });
    let text = "";
    try {
      for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const events = (text + part).split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) {
          const fate = treat(event);
          if (fate === "hang up") return void response.destroy();
          if (fate === "pass") response.write(`${event}\n\n`);
        }
      }
    } catch (error) {
      if (!leaving.signal.aborted) throw error;
    }
  });

beforeAll(async () => {
  remote = await startRememberingRemote(makeRepository(join(home, "repository")));
  stack = await startPuppets({ DROVER_SLOTS: String(agents) });
  proxy = await startProxy();
  const { puppets } = await runMany(stack, agents, () => requestFor(remote.url));
  const { pid, apiKey } = stack;
  const seen = { pid, apiKey, url: proxy.url };
  fleet = { stack: seen, puppets, heart: new Heart(puppets, turnMs), change: openChange(puppets) };
});
beforeEach(() => {
  treat = () => "pass";
});
afterAll(async () => {
  await proxy?.close();
  await stack?.close();
  await remote?.close();
  rmSync(home, { recursive: true, force: true });
});

/** One change of this kind that happens from now on is not shown to one viewer. */
function treatOne(type: string, fate: "withhold" | "hang up"): void {
  const since = Date.now();
  let isDone = false;
  treat = (event) => {
    const at = Number(/^id: (\d+)-evt_/m.exec(event)?.[1] ?? 0);
    if (isDone || at < since || !event.includes(`"type":"${type}"`)) return "pass";
    isDone = true;
    return fate;
  };
}

it("every beat of a turn is counted, and its rate is that of the turn, whoever looks on", async () => {
  const alone = await onlyBeat(fleet, turnMs);
  const watched = await watchTasks(fleet, agents, turnMs);
  for (const { beatsPerSecond, answeredMs } of [alone, watched]) {
    expect(answeredMs).toHaveLength(agents);
    expect(beatsPerSecond).toBeLessThanOrEqual((agents * 1000) / turnMs);
  }
  expect(watched.lagMs).toHaveLength(agents);
  expect(watched.deliveredPerSecond).toBeCloseTo((agents * 1000) / turnMs);
});

it("each change is seen by each viewer, turn after turn of the same tasks", async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    const { lagMs, deliveredPerSecond } = await watchFleet(fleet, 2, turnMs, changesPerSecond);
    // Two at a time and two viewers; on a slow machine fewer fit in.
    expect([4, 8, 12]).toContain(lagMs.length);
    expect(deliveredPerSecond).toBeCloseTo((lagMs.length * 1000) / turnMs);
    expect(Math.min(...lagMs)).toBeGreaterThanOrEqual(0);
  }
});

it("a turn fails in which one viewer of two was not shown one change, and says whose feed it was", async () => {
  treatOne("rejected", "withhold");
  const turn = watchFleet(fleet, 2, turnMs, changesPerSecond);
  await expect(turn).rejects.toThrow(/^1 of \d+ events .*"change \d+" by a viewer of .*\/agents\/events, say/);
});

it("a turn fails in which the viewer of a task was not shown its beat", async () => {
  treat = (event) => (event.includes(`"agentId":"${fleet.puppets[1]?.agentId}","seq"`) ? "withhold" : "pass");
  await expect(watchTasks(fleet, agents, turnMs)).rejects.toThrow(/^1 of 3 events .*\/tasks\/tsk_\w+\/events, say/);
});

it("a turn fails in which a feed breaks after its first event, and says so", async () => {
  treatOne("work_done", "hang up");
  await expect(watchFleet(fleet, 2, turnMs, changesPerSecond)).rejects.toThrow("broke while it was watched");
});
