// Does the task definition for Fargate hold everything that keeps a sandbox in, and the same containers as on one machine?
import { describe, expect, it } from "vitest";
import { type SandboxTaskSettings, sandboxTask, users } from "../../../infra/aws/sandbox-task.ts";
import { sandboxTaskDefinition } from "../../../infra/local/task-definition.ts";
import { sealedNode } from "../../../infra/sandbox-containers.ts";

const settings: SandboxTaskSettings = {
  image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/drover-sandbox@sha256:${"a".repeat(64)}`,
  architecture: "X86_64",
  cpuUnits: 1024,
  memoryMb: 4096,
  diskGb: 30,
  executionRoleArn: "arn:aws:iam::123456789012:role/drover-sandbox-execution",
  log: { group: "/drover/sandbox", region: "eu-central-1" },
  apiUrl: "https://api.example.com",
  supervisorEnvironment: { DROVER_EGRESS_ALLOW: "packages.example.com" },
};
const task = sandboxTask(settings);
const containers = task.containerDefinitions ?? [];
const find = (name: string) => containers.find((container) => container.name === name);
const environmentOf = (name: string) =>
  Object.fromEntries((find(name)?.environment ?? []).map((pair) => [pair.name, pair.value]));
const mountsOf = (name: string) => find(name)?.mountPoints ?? [];
const names = ["supervisor", "workspace", "gates"];
const untrusted = names.slice(1);

describe.each(names)("the container %s", (name) => {
  it("has a root that cannot be written, no capability and an init that reaps", () => {
    expect(find(name)).toMatchObject({
      readonlyRootFilesystem: true,
      linuxParameters: { initProcessEnabled: true, capabilities: { drop: ["ALL"] } },
    });
    expect(find(name)?.linuxParameters?.capabilities?.add).toBeUndefined();
  });

  it("runs as an ordinary user, given by number, who is not the agent", () => {
    const uid = name === "supervisor" ? users.supervisor : users.runner;
    expect(find(name)?.user).toBe(`${uid}:${uid}`);
    expect([0, users.agent]).not.toContain(uid);
  });

  it("has no port, no secret, no terminal and no privilege", () => {
    expect(Object.keys(find(name) ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/portMappings|secrets|environmentFiles|privileged|entryPoint/)]),
    );
    expect(find(name)).toMatchObject({ interactive: false, pseudoTerminal: false });
  });

  it("is the image named by its digest, and gets two seconds at a stop", () => {
    expect(find(name)).toMatchObject({ image: settings.image, stopTimeout: 2 });
  });
});

describe("the task", () => {
  it("is for Fargate, with a network interface of its own and no role for what runs in it", () => {
    expect(task).toMatchObject({ requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc" });
    expect(task.taskRoleArn).toBeUndefined();
    expect(task.executionRoleArn).toBe(settings.executionRoleArn);
  });

  it("shares no process numbers and no memory between its containers", () => {
    expect(task.pidMode).toBeUndefined();
    expect(task.ipcMode).toBeUndefined();
  });

  it("ends with the supervisor and with nothing that untrusted code can end", () => {
    expect(containers.map(({ name, essential }) => [name, essential])).toEqual([
      ["supervisor", true],
      ["workspace", false],
      ["gates", false],
    ]);
  });

  it("has the containers of one machine, with the same commands; only there the runtime must be sealed", () => {
    const limits = { memoryMb: 2048, cpuUnits: 1024, processes: 2048, diskMb: 10_240 };
    const local = sandboxTaskDefinition({ apiUrl: "http://127.0.0.1", egress: {} as never, limits, limitLines: [] });
    const outline = ({ name, essential, command }: { name?: string; essential?: boolean; command?: unknown }) => ({
      name,
      essential,
      command,
    });
    const withoutSeal = local.containers.map(({ command, ...container }) => ({
      ...container,
      command: command.map((part) => (part === sealedNode ? "node" : part)),
    }));
    expect(containers.map(outline)).toEqual(withoutSeal.map(outline));
    const sealed = local.containers.filter(({ command }) => command.includes(sealedNode)).map(({ name }) => name);
    expect(sealed).toEqual(["workspace", "gates"]);
    expect(task.family).toBe(local.family);
  });

  it("leaves memory for the supervisor, whatever the agent takes", () => {
    for (const name of untrusted) expect(find(name)?.memory).toBe(4096 - 512);
    const reserved = containers.reduce((sum, { memoryReservation = 0 }) => sum + memoryReservation, 0);
    expect(reserved).toBeLessThan(4096);
  });

  it("asks for more disk only where it is more than every task has", () => {
    expect(task.ephemeralStorage).toEqual({ sizeInGiB: 30 });
    expect(sandboxTask({ ...settings, diskGb: 20 }).ephemeralStorage).toBeUndefined();
  });

  it("is refused without a digest, or with too little memory", () => {
    expect(() => sandboxTask({ ...settings, image: "drover-sandbox:latest" })).toThrow(/not named by its digest/);
    expect(() => sandboxTask({ ...settings, memoryMb: 512 })).toThrow(/give it 1024 or more/);
  });
});

describe("what containers share", () => {
  const shared = (one: string, other: string) => {
    const volumes = new Set(mountsOf(one).map(({ sourceVolume }) => sourceVolume));
    return mountsOf(other).filter(({ sourceVolume }) => volumes.has(sourceVolume));
  };

  it.each(untrusted)("is one volume of sockets between the supervisor and %s, at the same path", (name) => {
    const [mine, ...more] = shared(name, "supervisor");
    expect(more).toEqual([]);
    expect(mine?.containerPath).toBe(`/run/drover/${name}`);
    expect(mine?.readOnly).toBe(false);
    expect(shared("supervisor", name)).toEqual([{ ...mine, readOnly: true }]);
    expect(environmentOf(name).DROVER_SOCKETS).toBe(`${environmentOf("supervisor").DROVER_SOCKETS}/${name}`);
  });

  it("is nothing between workspace and gates", () => expect(shared("workspace", "gates")).toEqual([]));

  it("all volumes are declared, and no one else's", () => {
    const mounted = new Set(containers.flatMap(({ mountPoints = [] }) => mountPoints.map((each) => each.sourceVolume)));
    expect(new Set(task.volumes?.map(({ name }) => name))).toEqual(mounted);
    expect(task.volumes?.every((volume) => Object.keys(volume).join() === "name")).toBe(true);
  });
});

describe("the environment", () => {
  it.each(
    untrusted,
  )("of %s tells the runner that commands have a user of their own, and nothing about the task", (name) => {
    expect(environmentOf(name)).toMatchObject({
      DROVER_CONFINED: "1",
      DROVER_AS_AGENT: "/opt/drover/bin/as-agent",
      DROVER_WORKSPACE: "/workspace",
      HOME: "/home/agent",
      TMPDIR: "/tmp",
    });
    expect(JSON.stringify(environmentOf(name))).not.toMatch(/API|TOKEN|KEY|SECRET|example/);
  });

  it("keeps the two ways to the proxy apart, as both containers have one network", () => {
    expect(environmentOf("workspace").DROVER_RELAY_PORT).not.toBe(environmentOf("gates").DROVER_RELAY_PORT);
  });

  it("of the supervisor names the API; what belongs to one attempt comes with its launch", () => {
    expect(environmentOf("supervisor")).toMatchObject({
      DROVER_API_URL: settings.apiUrl,
      DROVER_EGRESS_ALLOW: "packages.example.com",
    });
    expect(Object.keys(environmentOf("supervisor"))).not.toEqual(expect.arrayContaining(["DROVER_TOKEN"]));
  });
});
