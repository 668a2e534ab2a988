// The supervisor: the trusted part of a sandbox. It holds the credentials, drives the workspace, and reports.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { unansweredExitCode } from "../core/sandbox-end.ts";
import { connectControlPlane, Dismissed, Unanswered } from "./control-plane.ts";
import { startEgress } from "./egress.ts";
import { noteRefusals } from "./egress-notes.ts";
import { holdRoom } from "./gates/hold-room.ts";
import { openGatesRoom } from "./gates/room.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { keepUploaded } from "./keep-uploaded.ts";
import { OutputLog } from "./output-log.ts";
import { runAttempt } from "./run-attempt.ts";
import { acceptWorkspace } from "./workspace.ts";
import { WorkspaceError } from "./workspace-error.ts";

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").filter(Boolean));

const environment = z.object({
  DROVER_API_URL: z.url(),
  DROVER_AGENT_ID: z.string(),
  DROVER_TOKEN: z.string(),
  /** Holds one directory for each container that this one talks with: `workspace`, `gates`. */
  DROVER_SOCKETS: z.string(),
  /** Where the agent's commands may go, beside nowhere: comma-separated, see `EgressRules`. */
  DROVER_EGRESS_ALLOW: list,
  DROVER_EGRESS_ALLOW_PRIVATE: list,
  /** The same for the gates, which run the agent's code as well. */
  DROVER_GATES_EGRESS_ALLOW: list,
  DROVER_GATES_EGRESS_ALLOW_PRIVATE: list,
  /** What each of the two may send out in all. */
  DROVER_EGRESS_UPLOAD_MB: z.coerce.number().positive().default(64),
  /** JSON: variables that the agent's commands get, such as the address of the package registry. */
  DROVER_COMMAND_ENVIRONMENT: z.string().default("{}"),
  /** What this process may take of memory, where something sees to it. */
  DROVER_MEMORY_MB: z.coerce.number().positive().optional(),
  /** JSON: what the sandbox may take and who sees to it, a line each. */
  DROVER_LIMITS: z.string().default("[]"),
  /** How long it asks for its task before it gives up. */
  DROVER_START_PATIENCE_MS: z.coerce.number().positive().default(60_000),
});

const runnerTimeoutMs = 60_000;

/** The exit code is for people who read ECS: the control plane hears by callback, save that nobody answered `start`. */
async function main(): Promise<number> {
  const env = environment.parse(process.env);
  const plane = connectControlPlane({
    apiUrl: env.DROVER_API_URL,
    agentId: env.DROVER_AGENT_ID,
    token: env.DROVER_TOKEN,
    patienceMs: env.DROVER_START_PATIENCE_MS,
  });
  // Neither waits for the other: the workspace comes up while the task is fetched.
  const sockets = join(env.DROVER_SOCKETS, "workspace");
  await mkdir(sockets, { recursive: true, mode: 0o700 });
  const accepting = acceptWorkspace(join(sockets, "runner.sock"), { timeoutMs: runnerTimeoutMs });
  accepting.catch(() => undefined); // Looked at below; without this a failure before that would end the process unheard.
  const log = new OutputLog();
  for (const line of JSON.parse(env.DROVER_LIMITS) as string[]) log.note(`limit of this sandbox: ${line}`);
  const refusals = { agent: noteRefusals(log, "the agent"), gate: noteRefusals(log, "a gate") };
  const maxUploadBytes = env.DROVER_EGRESS_UPLOAD_MB * 2 ** 20;
  await startEgress(join(sockets, "egress.sock"), {
    maxUploadBytes,
    rules: { allow: env.DROVER_EGRESS_ALLOW, allowPrivate: env.DROVER_EGRESS_ALLOW_PRIVATE },
    onRefused: refusals.agent.onRefused,
  });
  const gatesSockets = join(env.DROVER_SOCKETS, "gates");
  const gates = await holdRoom(gatesSockets);
  const openGates = () => {
    gates.want();
    return openGatesRoom(gatesSockets, {
      maxUploadBytes,
      rules: { allow: env.DROVER_GATES_EGRESS_ALLOW, allowPrivate: env.DROVER_GATES_EGRESS_ALLOW_PRIVATE },
      onRefused: refusals.gate.onRefused,
      timeoutMs: runnerTimeoutMs,
    });
  };
  const answer = await plane.start().catch((error: unknown) => {
    if (!(error instanceof Unanswered)) throw error;
    console.error(`this attempt has not begun: ${error.message}`);
    return undefined;
  });
  if (!answer) return unansweredExitCode;
  const heartbeat = startHeartbeat(plane, answer, log, (why) => {
    // The workspace dies with its connection, and that with this process: nothing is asked, nothing waited for.
    console.error(`this attempt may not go on: ${why}`);
    process.exit(1);
  });
  const uploads = keepUploaded(answer.logUploadMs, () => {
    for (const notes of Object.values(refusals)) notes.noteRest();
  });
  uploads.add({ url: answer.uploads.log, size: () => log.bytes, read: () => log.read() });
  const commandEnvironment = JSON.parse(env.DROVER_COMMAND_ENVIRONMENT) as Record<string, string>;
  const gitDir = join(process.cwd(), "git");
  const memoryMb = env.DROVER_MEMORY_MB;
  const workspace = await accepting.catch((error: Error) => error);
  const failure =
    workspace instanceof Error
      ? { class: "infrastructure" as const, message: `The workspace did not come up: ${workspace.message}` }
      : await runAttempt({
          ...{ plane, answer, workspace, openGates, heartbeat, log, uploads, gitDir, memoryMb, commandEnvironment },
        }).catch(async (error: unknown) => {
          if (!(error instanceof WorkspaceError)) throw error;
          log.note(error.message);
          await uploads.flush();
          return "lost" as const;
        });
  heartbeat.stop();
  // ECS tells the control plane that the sandbox has stopped, and what its workspace died of.
  if (failure === "lost") return 1;
  if (failure) {
    log.note(`failed (${failure.class}): ${failure.message}`);
    await uploads.flush();
    await plane.fail(failure);
  }
  if (!(workspace instanceof Error)) workspace.close();
  await rm(gitDir, { recursive: true, force: true });
  return failure ? 1 : 0;
}

// A kill: no grace. The workspace loses its connection and ends.
process.once("SIGTERM", () => process.exit(143));

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Dismissed ? `this attempt may not go on: ${error.message}` : error);
    process.exit(1);
  },
);
