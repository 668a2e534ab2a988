// Which cloud does one run of a function get? The stage's, with that activity's own clock, chance and misfortunes.
import type { Cloud, Remotes } from "../../../functions/core/cloud.ts";
import type { Activity } from "../engine/activity.ts";
import type { Stage } from "../stage.ts";
import { callCloud } from "./call.ts";
import { openSimExtras } from "./sim-extras.ts";
import { openSimSandboxes } from "./sim-sandboxes.ts";
import { openSimTable } from "./sim-table.ts";

const operations = {
  send: { name: "SendMessage", code: 300 },
  inspect: { name: "inspect the remote", code: 301 },
  readBranch: { name: "read the branch", code: 302 },
  deleteBranch: { name: "delete the branch", code: 303 },
} as const;

export function openSimCloud(stage: Stage, activity: Activity): Cloud {
  const { world } = stage;
  let opened: ReturnType<typeof openSimExtras> | undefined;
  const extras = () => {
    opened ??= openSimExtras(stage, activity);
    return opened;
  };
  const sandboxes = openSimSandboxes(stage, activity);
  return {
    table: openSimTable(stage, activity),
    sandboxes: () => sandboxes,
    remotes: openSimRemotes(stage, activity),
    wakeUps: {
      send: (taskId) => callCloud(world, activity, operations.send, () => stage.queue.accept(activity, taskId)),
      probe: () => Promise.resolve(),
    },
    // Most runs of a function need none of these, and there are thousands a second.
    get artifacts() {
      return extras().artifacts;
    },
    get credentials() {
      return extras().credentials;
    },
    get auditKey() {
      return extras().auditKey;
    },
    get notices() {
      return extras().notices;
    },
    get noticeQueue() {
      return extras().noticeQueue;
    },
    get webhookSecrets() {
      return extras().webhookSecrets;
    },
    get receivers() {
      return extras().receivers;
    },
    settings: stage.settings,
    clock: { now: () => world.trueTime + activity.skewMs, sleep: (ms) => activity.sleep(ms) },
    ids: {
      task: () => `tsk_${stage.nextId()}`,
      event: () => `evt_${stage.nextId()}`,
      permit: () => `prm_${stage.nextId()}`,
      key: () => `key_${stage.nextId()}`,
      webhook: () => `whk_${stage.nextId()}`,
      operation: () => `opr_${stage.nextId()}`,
      random: () => activity.random.next(),
    },
  };
}

function openSimRemotes(stage: Stage, activity: Activity): Remotes {
  const { world, remote } = stage;
  return {
    inspect: () =>
      callCloud(world, activity, operations.inspect, () => ({ kind: "found", branch: "main", commit: "0".repeat(40) })),
    readBranch: (_url, _auth, branch) =>
      callCloud(world, activity, operations.readBranch, () => {
        if (world.strikes(activity, "remote_unknown")) return { kind: "unknown", message: "timeout" } as const;
        const commit = remote.branches.get(branch);
        return commit ? ({ kind: "at", commit } as const) : ({ kind: "absent" } as const);
      }),
    deleteBranch: (_url, _auth, branch, commit) =>
      callCloud(world, activity, operations.deleteBranch, () => {
        if (world.strikes(activity, "remote_unknown")) return false;
        stage.judge.watchDelete(branch, commit);
        return remote.delete(branch, commit);
      }),
  };
}
