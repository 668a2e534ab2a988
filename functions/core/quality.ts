// May a coordinator outside take an agent's work for good? Only what the gates have judged, and only as they judged it.
import * as z from "zod";
import type { Task, TaskStatus } from "./task.ts";
import { decideVerdicts, verdict } from "./verdicts.ts";

/** The artifact `verdicts` of an attempt: what was found about its last commit. */
export const verdictReport = z.strictObject({
  commit: z.string(),
  /** From 1: how often work of this attempt was judged. */
  round: z.int().positive(),
  gates: z.array(z.string()),
  verdicts: z.array(verdict),
  /** What the commit changes; a rename is two of them. */
  paths: z.array(z.string()),
});
export type VerdictReport = z.output<typeof verdictReport>;

export const qualityRequest = z.strictObject({
  taskId: z.string(),
  agentId: z.string(),
  files: z.array(z.string().max(4_096)).max(10_000).default([]),
  diffSummary: z.string().max(100_000).default(""),
});

export interface Quality {
  approved: boolean;
  /** The gate that decided. */
  gate: string;
  message: string;
  details: Record<string, unknown>;
}

const approvable: readonly TaskStatus[] = ["verifying", "publishing", "completed"];

/** `report` is undefined where it cannot be read: then nothing is approved. */
export function decideQuality(
  task: Pick<Task, "status" | "commit" | "yolo" | "killed" | "failure">,
  files: readonly string[],
  report: VerdictReport | undefined,
): Quality {
  if (task.yolo) return refuse("yolo", "The gates of this task were skipped, so nothing vouches for its work.");
  if (!report) return refuse("verdicts", "No gate has judged this work yet, or what it said cannot be read.");
  const { commit, verdicts, gates, paths } = report;
  if (gates.length === 0) return refuse("verdicts", "This task has no gates, so nothing vouches for its work.");
  if (commit !== task.commit) {
    return refuse("verdicts", `The gates have judged ${commit}, and the task is at ${task.commit ?? "no commit"}.`);
  }
  const decision = decideVerdicts(gates, verdicts);
  if (decision.kind === "infrastructure") return refuse(decision.gates[0] ?? "verdicts", decision.why);
  if (decision.kind === "rejected") {
    return refuse(decision.failed[0]?.gate ?? "verdicts", decision.feedback, { failed: decision.failed });
  }
  if (!approvable.includes(task.status)) {
    const why = task.status === "queued" ? undefined : (task.killed?.reason ?? task.failure?.message);
    return refuse("status", `The task is ${task.status}${why ? `: ${why}` : ""}. Nobody takes its work from here.`);
  }
  const strange = files.filter((file) => !paths.includes(file));
  if (strange.length > 0) {
    return refuse("diff", `The gates have not seen ${strange.slice(0, 5).join(", ")} in this work.`, {
      files: strange,
    });
  }
  return { approved: true, gate: "all", message: "Every gate has passed.", details: { commit, gates } };
}

const refuse = (gate: string, message: string, details: Record<string, unknown> = {}): Quality => ({
  approved: false,
  gate,
  message,
  details,
});
