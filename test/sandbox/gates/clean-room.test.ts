// Is the room of the gates as clean as it has to be, in the sandbox that users get?
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { holdRoom } from "../../../functions/sandbox/gates/hold-room.ts";
import type { GatesRoom } from "../../../functions/sandbox/gates/room.ts";
import { openGatesRoom } from "../../../functions/sandbox/gates/room.ts";
import type { TaskFolder } from "../../../infra/local/containers.ts";
import { readLimits } from "../../../infra/local/limit-settings.ts";
import { createRuntime } from "../../../infra/local/sandbox/runtime.ts";
import { sandboxTaskDefinition } from "../../../infra/local/task-definition.ts";
import * as support from "../../infra/local/sandbox/support.ts";
import { within } from "../harness.ts";
import { json, makeRepository } from "./repository.ts";
import { runRound } from "./room.ts";

const egress = {
  DROVER_EGRESS_ALLOW: "",
  DROVER_EGRESS_ALLOW_PRIVATE: "",
  DROVER_GATES_EGRESS_ALLOW: "",
  DROVER_GATES_EGRESS_ALLOW_PRIVATE: "",
  DROVER_EGRESS_UPLOAD_MB: "1",
  DROVER_COMMAND_ENVIRONMENT: "{}",
};
const { containers } = sandboxTaskDefinition({
  apiUrl: "http://127.0.0.1:1",
  egress,
  limits: readLimits({}),
  limitLines: [],
});

describe.skipIf(support.whySkipped)(support.titleOf("the gates container"), () => {
  let place: Awaited<ReturnType<typeof support.makePlace>>;
  beforeAll(async () => {
    place = await support.makePlace();
  });

  async function start(folder: TaskFolder, name: string, unconfined = false) {
    const spec = containers.find((one) => one.name === name);
    if (!spec) throw new Error(`no container ${name}`);
    return support.ending(await createRuntime({ ...place, unconfined }).start(spec, folder));
  }

  async function openRoom(folder: TaskFolder, refused: string[] = []): Promise<GatesRoom> {
    const sockets = join(folder.root, "sockets/gates");
    (await holdRoom(sockets)).want();
    const room = await openGatesRoom(sockets, {
      rules: { allow: [] },
      maxUploadBytes: 2 ** 20,
      onRefused: ({ host, port }) => void refused.push(`${host}:${port}`),
      timeoutMs: 30_000,
    });
    onTestFinished(() => room.close());
    return room;
  }

  const shellGate = (script: string, more: object = {}) =>
    makeRepository({
      "drover.yaml": json({ gates: { look: { command: ["sh", "-c", script], ...more } } }),
      "package.json": "{}",
    });

  it("is a shell that waits, and becomes a runner when its socket is opened", async () => {
    const folder = place.nextFolder();
    const { record } = await start(folder, "gates");
    const namespace = support.pidNamespaceOf(record.pid);
    const programs = () => support.listNamespace(namespace).map((pid) => basename(readlinkSync(`/proc/${pid}/exe`)));
    const waiting = await support.until("the shell", () => programs().includes("sleep") && programs());
    expect(waiting).not.toContain("node");
    await openRoom(folder);
    expect(programs()).toContain("node");
    expect(programs()).not.toContain("sleep");
  });

  it("is emptied before each round, also of what is not its disk", async () => {
    const folder = place.nextFolder();
    await start(folder, "gates");
    const room = await openRoom(folder);
    const leave =
      "for place in /tmp /dev/shm /home/agent /workspace; do mkdir -p $place/left/deep; echo x > $place/.npmrc; chmod 0 $place/left; done; (setsid env -i sleep 600 >/dev/null 2>&1 &)";
    const test = shellGate(
      `ls -A /tmp /dev/shm /home/agent /workspace; cat /proc/[0-9]*/comm | grep -c sleep; ${leave}`,
    );
    const outputs = [];
    for (let rounds = 0; rounds < 2; rounds++) {
      const round = await runRound(room, test, { gates: ["look"] });
      expect(round.of("look").outcome).toBe("passed");
      outputs.push(round.outputOf("look").replace(/^\[drover\].*/m, ""));
    }
    expect(outputs[1]).toBe(outputs[0]);
    expect(outputs[0]).not.toMatch(/left|npmrc/);
    expect(existsSync(join(folder.root, "workspace-gates"))).toBe(true);
  });

  it("leaves no process of a gate that hangs, as the machine sees it", async () => {
    const folder = place.nextFolder();
    const { record } = await start(folder, "gates");
    const room = await openRoom(folder);
    const namespace = support.pidNamespaceOf(record.pid);
    const daemons =
      "for i in 1 2 3 4 5; do (setsid env -i sh -c 'trap \"\" TERM; while :; do sleep 99; done' >/dev/null 2>&1 &); done; sleep 1000";
    const round = await runRound(room, shellGate(daemons, { timeoutMs: 1_500 }), { gates: ["look"] });
    expect(round.of("look").outcome).toBe("timed_out");
    const left = support.listNamespace(namespace).map((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim());
    expect(left.filter((name) => name === "sleep" || name === "sh")).toEqual([]);
  });

  it("goes out through a proxy with rules of its own", async () => {
    const folder = place.nextFolder();
    await start(folder, "gates");
    const refused: string[] = [];
    const room = await openRoom(folder, refused);
    const script = `node -e 'fetch("https://elsewhere.test/").then(() => console.log("reached"), () => console.log("not reached"))'`;
    const round = await within(30_000, "the round", runRound(room, shellGate(script), { gates: ["look"] }));
    expect(round.outputOf("look")).toMatch(/not reached\n$/);
    expect(refused).toEqual(["elsewhere.test:443"]);
  });

  it("works without a wall as well, where the user has said so", async () => {
    const folder = place.nextFolder();
    await start(folder, "gates", true);
    const room = await openRoom(folder);
    const test = shellGate("echo x > left; (setsid sleep 500 >/dev/null 2>&1 &); pwd; ls -A; exit 5");
    for (let rounds = 0; rounds < 2; rounds++) {
      const round = await runRound(room, test, { gates: ["look"] });
      expect(round.of("look")).toMatchObject({ outcome: "failed", actual: "exit code 5" });
      expect(round.outputOf("look")).toMatch(/\/workspace-gates\/tree\ndrover\.yaml\nleft\npackage\.json\n$/);
    }
  });
});
