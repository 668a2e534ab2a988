// Does a sandbox made of the image do its work, and keep what is in it in? `npm run image:check` builds it and runs this.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { drover, useRemote } from "../support/remote.ts";
import { call, kill, tasksPath, until, untilSettled, untilStatus, useStack } from "../support/stack.ts";
import { backend, useImageCluster } from "./image-cluster.ts";

const rootfs = process.env.DROVER_IMAGE_ROOT ?? "";

const gate = 'set -e; test "$(id -u)" = 1000; test -s who; ! touch /written 2>/dev/null; node --version; git --version';

describe.runIf(rootfs !== "")("a sandbox made of the image", () => {
  const stack = useStack();
  useImageCluster(stack, rootfs);
  const remote = useRemote({
    "README.md": "# Base\n",
    "drover.yaml": "gates:\n  check: { command: [sh, check.sh] }\n",
    "check.sh": `${gate}\n`,
  });
  const submit = async (script: string, more: object = {}) => {
    const agent = { kind: "command", command: ["sh", "-c", script] };
    const request = { repository: remote.url, prompt: "x", agent, backend, ...more };
    const { status, body } = await call(stack, "POST", tasksPath, request);
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body.taskId as `tsk_${string}`;
  };
  const logOf = async (taskId: string) => String((await call(stack, "GET", `${tasksPath}/${taskId}/log`)).body);
  const containers = () => execFileSync("runc", ["list", "--quiet"], { encoding: "utf8" }).match(/^drover-.*$/gm) ?? [];

  it("clones, runs the command as the agent, has the commit judged in the clean room, and pushes it", async () => {
    const taskId = await submit("id -u > who", { gates: { gates: ["check"] } });
    const task = await untilSettled(stack, taskId);
    expect(task, await logOf(taskId)).toMatchObject({ status: "completed", attempt: 1, backend });
    expect(remote.git("show", `${drover(taskId)}:who`)).toBe("1000\n");
    const { verdicts } = JSON.parse((await call(stack, "GET", `${tasksPath}/${taskId}/verdicts`)).body);
    expect(verdicts).toContainEqual(expect.objectContaining({ gate: "check", outcome: "passed" }));
    expect(containers()).toEqual([]);
    await checkInvariants(stack, [taskId]);
  });

  it("gives commands no capability, no other process, no writable root, and no program that gains rights", async () => {
    const script = `
      grep -E '^Cap(Prm|Eff|Bnd)|^NoNewPrivs' /proc/self/status
      for path in / /usr/bin /etc /opt/drover /run/drover/workspace; do touch $path/x 2>/dev/null && echo "wrote $path"; done
      echo "setuid: $(find / -xdev -type f -perm /6000 2>/dev/null | tr '\\n' ' ')"
      echo "users: $(cat /proc/[0-9]*/status | grep ^Uid | cut -f2 | sort -u | tr '\\n' ' ')"
      echo "environment: $(cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c TOKEN)"
      echo "supervisor: $(ls /var/lib/drover 2>&1 | grep -c denied) $(ls /run/drover/gates 2>&1 | grep -c denied)"
      for program in curl wget ssh nc python3 gcc make sudo gdb strace; do command -v $program; done
      for program in sh bash node npm npx git tar grep find; do command -v $program >/dev/null || echo "no $program"; done
      echo seen`;
    const taskId = await submit(script);
    expect(await untilSettled(stack, taskId)).toMatchObject({ status: "completed" });
    const lines = (await logOf(taskId)).split("\n").filter((line) => line !== "" && !line.startsWith("[drover]"));
    const none = "0".repeat(16);
    expect(lines).toEqual([
      ...[`CapPrm:\t${none}`, `CapEff:\t${none}`, `CapBnd:\t${none}`, "NoNewPrivs:\t1"],
      "setuid: /opt/drover/bin/as-agent ",
      "users: 1000 1001 ",
      "environment: 0",
      "supervisor: 1 1",
      "seen",
    ]);
  });

  it("ends whole when its task is killed, daemons of the agent included", async () => {
    const taskId = await submit("(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 9; done' &) ; sleep 1000");
    await untilStatus(stack, taskId, "running");
    await until("the containers are up", async () => containers().length === 3);
    await kill(stack, taskId);
    expect(await untilSettled(stack, taskId)).toMatchObject({ status: "killed", stopConfirmation: expect.anything() });
    expect(containers()).toEqual([]);
    await checkInvariants(stack, [taskId]);
  });
});
