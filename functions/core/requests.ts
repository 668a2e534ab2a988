// What may a user ask for? The shape of a task request, and the limits of each field.
import * as z from "zod";
import { repositoryPattern } from "./credential-scope.ts";
import { gateSelection } from "./gates.ts";
import { resourceNameForm } from "./ids.ts";
import { agentTypes } from "./models.ts";
import { forgeKinds } from "./pull-requests.ts";

/** A lone half of a surrogate pair cannot be stored or sent as UTF-8. */
const text = () => z.string().refine((value) => value.isWellFormed(), "is not well-formed Unicode");
const oneLine = (text: string) => !/\p{Cc}/u.test(text);

export const maxPromptCharacters = 65_536;
export const maxWallClockMs = 24 * 60 * 60 * 1000;

export const commandAgentRequest = z.strictObject({
  kind: z.literal("command"),
  command: z
    .array(
      z
        .string()
        .max(4096)
        .refine((part) => !part.includes("\0"), "may not hold a NUL character"),
    )
    .min(1, "name at least the program to run")
    .max(64)
    .refine((command) => command[0]?.trim() !== "", "the program (the first element) is empty")
    .refine((command) => command.join("").length <= 16_384, "the whole command may have 16,384 characters"),
});

export const modelAgentRequest = z.strictObject({
  kind: z.literal("model"),
  type: z.enum(agentTypes).default("worker"),
  /** The cheapest that is able enough, when none is named. */
  model: z.string().min(1).max(200).optional(),
  skills: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "use letters, digits, - and _"))
    .max(10)
    .optional(),
  credential: z.lazy(() => resourceName).default("anthropic"),
});

/** For a model agent, what is not named is as in `budget.ts`. */
const limits = z.strictObject({
  wallClockMs: z.int().min(1_000).max(maxWallClockMs).optional(),
  tokens: z.int().min(1).max(1_000_000_000).optional(),
  dollars: z.number().positive().max(10_000).optional(),
  turns: z.int().min(1).max(10_000).optional(),
  rejections: z.int().min(0).max(10).optional(),
});

const labels = z
  .array(z.string().regex(/^[a-z0-9][a-z0-9._/-]{0,39}$/, "use lower-case letters, digits and . _ / -"))
  .max(10);
const maxDelayMs = 30 * 24 * 60 * 60 * 1000;
const maxBackoffMs = 24 * 60 * 60 * 1000;

export const resourceName = z.string().regex(resourceNameForm, "use lower-case letters, digits, - and _");

/** The body of `POST /tasks`. Unknown fields are refused, so that a misspelt limit is not silently ignored. */
export const taskRequest = z.strictObject({
  repository: text().min(1).max(2048),
  branch: z.string().min(1).max(255).refine(oneLine, "may not hold control characters").optional(),
  prompt: text()
    .max(maxPromptCharacters)
    .refine((text) => text.trim() !== "", "say in words what the task is for; it becomes the commit message"),
  title: text().trim().min(1).max(120).refine(oneLine, "may not hold control characters").optional(),
  agent: z.discriminatedUnion("kind", [commandAgentRequest, modelAgentRequest]),
  priority: z.int().min(1).max(10).default(5),
  maxAttempts: z.int().min(1).max(10).default(3),
  /** How long to wait before each further attempt; the last wait holds for all that follow. By default the class of the failure decides. */
  retryBackoffMs: z.array(z.int().min(0).max(maxBackoffMs)).min(1).max(9).optional(),
  credential: resourceName.optional(),
  labels: labels.optional(),
  backend: z.string().min(1).max(64).default("default"),
  /** Not before this moment (ISO 8601), at most 30 days ahead; or after so many milliseconds. */
  notBefore: z.iso.datetime({ offset: true }).optional(),
  delayMs: z.int().min(0).max(maxDelayMs).optional(),
  limits: limits.prefault({}),
  /** How many tokens of context the work is estimated to need; over half of the model's window it is refused. */
  estimatedTokens: z.int().min(1).max(100_000_000).optional(),
  gates: gateSelection.optional(),
  /** Skips the gates. The secret scan and the kill are never skipped. */
  yolo: z.strictObject({ reason: text().trim().min(1).max(300) }).optional(),
  allowConfigChanges: z.array(z.string().min(1).max(400)).max(50).optional(),
  /** Opened on the repository's forge once the branch is there; `base` is the branch it started from, unless named. */
  pullRequest: z
    .strictObject({
      base: z.string().min(1).max(255).refine(oneLine, "may not hold control characters").optional(),
      draft: z.boolean().optional(),
      title: text().trim().min(1).max(200).refine(oneLine, "may not hold control characters").optional(),
    })
    .optional(),
  /** Of the repository's forge: told in a comment how the task has ended. */
  issue: z.strictObject({ number: z.int().min(1).max(2_000_000_000) }).optional(),
});

export type TaskRequest = z.output<typeof taskRequest>;

/** The moment from which it may run. */
export function decideStart(
  { notBefore, delayMs = 0 }: Pick<TaskRequest, "notBefore" | "delayMs">,
  now: number,
): { kind: "from"; at: number } | { kind: "refused"; why: string } {
  if (notBefore && delayMs > 0) {
    return { kind: "refused", why: `notBefore ${notBefore} and delayMs ${delayMs} both say when; give one of them.` };
  }
  const at = notBefore ? Date.parse(notBefore) : now + delayMs;
  if (at - now <= maxDelayMs) return { kind: "from", at };
  const latest = new Date(now + maxDelayMs).toISOString();
  const why = `notBefore ${notBefore} is ${at - now} ms ahead; it may be ${maxDelayMs} ms ahead (30 days), now ${latest}.`;
  return { kind: "refused", why };
}

/** The body of `POST /agents/spawn`: the same in a coordinator's words. */
export const spawnRequest = z
  .strictObject({
    ...taskRequest.shape,
    prompt: taskRequest.shape.prompt.optional(),
    workItems: z.array(z.string().trim().min(1).max(4_000)).min(1).max(50).optional(),
  })
  .refine(({ prompt, workItems }) => prompt !== undefined || workItems !== undefined, "give a prompt, or work items");

export function taskRequestOf({ workItems, prompt, ...rest }: z.output<typeof spawnRequest>): TaskRequest {
  const list = (workItems ?? []).map((item) => `- ${item}`).join("\n");
  return { ...rest, prompt: [prompt, list].filter(Boolean).join("\n\n") };
}

/** The body of `PATCH /tasks/:id`: the version that was read, and what shall be otherwise. Only while it is queued. */
export const taskEdit = z
  .strictObject({
    version: z.int().positive(),
    title: taskRequest.shape.title,
    prompt: taskRequest.shape.prompt.optional(),
    priority: z.int().min(1).max(10).optional(),
    maxAttempts: z.int().min(1).max(10).optional(),
    labels: labels.optional(),
    limits: limits.optional(),
    gates: gateSelection.optional(),
    allowConfigChanges: taskRequest.shape.allowConfigChanges,
    /** A moment that is over lets it run now. */
    notBefore: taskRequest.shape.notBefore,
  })
  .refine(
    ({ version: _, ...rest }) => Object.values(rest).some((value) => value !== undefined),
    "names nothing to change",
  );
export type TaskEdit = z.output<typeof taskEdit>;

export const cancelRequest = z.strictObject({ reason: text().trim().min(1).max(500).default("cancelled") });

export const killRequest = z.strictObject({
  reason: text()
    .max(500)
    .refine((text) => text.trim() !== "", "say why: the reason goes into the audit log"),
});

export const maxMessageCharacters = 16_384;

/** The body of `POST /tasks/:id/messages`. */
export const messageRequest = z.strictObject({
  text: text()
    .max(maxMessageCharacters)
    .refine((value) => value.trim() !== "", "say something"),
});

export const modelProviders = ["anthropic", "bedrock"] as const;

/** It is sent in a header, where any other character is an error that shows the token. */
export const credentialToken = z
  .string()
  .trim()
  .min(1, "is empty")
  .max(3072)
  .regex(/^[\x21-\x7e]*$/, "may hold only printable ASCII characters, without spaces or line breaks within");

export const credentialRequest = z.strictObject({
  /** Most git hosts take any user name with a token; some want their own. */
  username: z.string().min(1).max(256).default("x-access-token"),
  token: credentialToken,
  /** Where it may be sent: `https://git.example.com/acme/*`. Without it, to the well-known git hosts only. */
  repositories: z
    .array(z.string().max(500).regex(repositoryPattern, "is not like https://git.example.com/acme/*"))
    .min(1)
    .max(100)
    .optional(),
  /** For the key of a model. A gateway of your own speaks the provider's protocol at `baseUrl`. */
  model: z
    .strictObject({
      provider: z.enum(modelProviders).default("anthropic"),
      baseUrl: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .refine(
          (url) => /^https:|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(`${url}/`),
          "must be https:, or on loopback",
        )
        .optional(),
      /** Of Bedrock. */
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,40}$/)
        .optional(),
    })
    .optional(),
  /** For pull requests: what the host is, when it is not github.com, and where its API is, when not in the usual place. */
  forge: z
    .strictObject({
      kind: z.enum(forgeKinds),
      apiUrl: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .optional(),
    })
    .optional(),
});

/** The first line of the prompt, cut to what a list can show. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().split("\n")[0]?.replaceAll(/\s+/g, " ").trim() ?? "";
  return line.length <= 120 ? line : `${line.slice(0, 119).toWellFormed()}…`;
}
