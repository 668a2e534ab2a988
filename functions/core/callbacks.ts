// What do the supervisor and the control plane say to each other? Both sides check every message against these shapes.
import * as z from "zod";
import { artifactKinds } from "./cloud.ts";
import { rejecters } from "./events.ts";
import { modelProfile } from "./model-settings.ts";
import { agentTypes } from "./models.ts";
import { modelProviders } from "./requests.ts";
import { spendSchema } from "./spend-schema.ts";
import { failureClasses, maxBeatOutputCharacters, mergeabilities } from "./task.ts";

/** A model, and the way to it. */
const modelAccess = z.strictObject({
  profile: modelProfile,
  provider: z.enum(modelProviders),
  apiKey: z.string(),
  baseUrl: z.url().optional(),
  region: z.string().optional(),
});

const agent = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("command"), command: z.array(z.string()).min(1) }),
  z.strictObject({
    kind: z.literal("model"),
    type: z.enum(agentTypes),
    skills: z.array(z.string()),
    access: modelAccess,
    budget: z.strictObject({
      tokens: z.number(),
      microDollars: z.number(),
      turns: z.number(),
      wallClockMs: z.number(),
    }),
    /** By earlier attempts. */
    spent: spendSchema,
    /** Where an earlier attempt has left what this one goes on from. */
    checkpointUrl: z.url().optional(),
  }),
]);

/** The answer to `start`: all that a supervisor needs, secrets included; it stays in the supervisor's memory. */
export const startAnswer = z.strictObject({
  taskId: z.string(),
  title: z.string(),
  prompt: z.string(),
  agent,
  repository: z.strictObject({
    url: z.url(),
    branch: z.string(),
    auth: z.strictObject({ username: z.string(), password: z.string() }).optional(),
  }),
  /** What an earlier attempt of this task may have left on the remote; it may be replaced, nothing else. */
  earlierPush: z.strictObject({ branch: z.string(), commits: z.array(z.string()) }).optional(),
  /** Where each kind of artifact goes, by a PUT. */
  uploads: z.record(z.enum(artifactKinds), z.url()),
  limits: z.strictObject({ wallClockMs: z.int().positive(), rejections: z.int().nonnegative() }),
  /** How often its work was sent back before. */
  rejections: z.int().nonnegative(),
  /** How often its work met a conflict before. */
  conflicts: z.int().nonnegative(),
  yolo: z.boolean(),
  gates: z.strictObject({ gates: z.array(z.string()), chosenBy: z.enum(["request", "agent_type"]) }),
  allowConfigChanges: z.array(z.string()),
  beatMs: z.int().positive(),
  beatCharacters: z.int().positive().max(maxBeatOutputCharacters),
  leaseMs: z.int().positive(),
  /** A supervisor that reaches nobody for this long stops by itself. Longer than the lease: nobody may be there to reach. */
  patienceMs: z.int().positive(),
  /** How often the growing log is uploaded while the agent runs. */
  logUploadMs: z.int().positive(),
});
export type StartAnswer = z.output<typeof startAnswer>;

export const beatMessage = z.strictObject({
  seq: z.int().positive(),
  step: z.string().max(100),
  stepStartedAt: z.int(),
  output: z.string().max(maxBeatOutputCharacters),
  outputLength: z.int().nonnegative(),
  spend: spendSchema.optional(),
  checkpoint: z.literal(true).optional(),
});

/** Which report of its work by this attempt, from 1: a repetition is recognised by it. Older supervisors do not count. */
const round = z.int().nonnegative().optional();
export const workDoneMessage = z.strictObject({
  round,
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  files: z.int().nonnegative(),
  additions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
});
export type WorkDoneMessage = z.output<typeof workDoneMessage>;

/** Gate → outcome: what the audit log keeps; the evidence is an artifact. */
const verdictSummary = z.record(z.string().max(64), z.string().max(32));
export const rejectMessage = z.strictObject({
  by: z.enum(rejecters),
  why: z.string().min(1).max(1_000),
  verdicts: verdictSummary.optional(),
  /** How many rejections of the task there are with this one: a repetition is recognised by it. */
  rejection: z.int().nonnegative(),
  /** The report that is sent back; 0 before the first. A message does not count as a rejection, and is recognised by this. */
  round,
});
export type RejectMessage = z.output<typeof rejectMessage>;

/** The longest list of paths that the audit log keeps. */
export const maxConflictPaths = 50;
export const conflictMessage = z.strictObject({
  paths: z.array(z.string().max(400)).min(1).max(maxConflictPaths),
  /** Which conflict of the task this is, from 1. */
  conflict: z.int().positive(),
});
export type ConflictMessage = z.output<typeof conflictMessage>;

/** The number of the last message that the agent has heard; absent from an agent that hears none. */
const heard = z.int().nonnegative().optional();
export const permitMessage = z.strictObject({
  branch: z.string().max(255),
  verdicts: verdictSummary.optional(),
  heard,
});
export type PermitMessage = z.output<typeof permitMessage>;
/** `unheard`: there is no permit, since people have said something that the agent has not heard. */
export const permitAnswer = z.union([
  z.strictObject({ permitId: z.string(), branch: z.string() }),
  z.strictObject({ unheard: z.literal(true) }),
]);
export type PermitAnswer = z.output<typeof permitAnswer>;

/** Whether the work would merge into the base branch as it was when the work was published. */
const mergeability = z.strictObject({
  kind: z.enum(mergeabilities),
  tip: z.string().length(40).optional(),
  paths: z.array(z.string().max(400)).max(maxConflictPaths).optional(),
});

export const completeMessage = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("pushed"),
    branch: z.string().max(255),
    commit: z.string().regex(/^[0-9a-f]{40}$/),
    merge: mergeability.optional(),
  }),
  z.strictObject({ kind: z.literal("no_changes"), heard }),
]);
export type CompleteMessage = z.output<typeof completeMessage>;

export const maxFailureCharacters = 2_000;
export const failMessage = z.strictObject({
  class: z.enum(failureClasses),
  message: z.string().min(1).max(maxFailureCharacters),
  repeatable: z.boolean().optional(),
  retryAt: z.int().positive().optional(),
});

/** `status`: the task's, after the call. A `complete` that leaves it in `verifying` found a message that is unheard. */
export const acknowledged = z.strictObject({ status: z.string() });
/** `inbox`: the number of the last message that people have sent to the agent. */
export const beatAnswer = z.strictObject({ status: z.string(), inbox: z.int().nonnegative() });

export const messagesMessage = z.strictObject({ after: z.int().nonnegative() });
export const messagesAnswer = z.strictObject({
  messages: z.array(z.strictObject({ number: z.int(), at: z.int(), by: z.string(), text: z.string() })),
});
