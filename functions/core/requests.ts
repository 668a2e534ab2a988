// What may a user ask for? The shape of a task request, and the limits of each field.
import { z } from "zod";

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

/** The body of `POST /tasks`. Unknown fields are refused, so that a misspelt limit is not silently ignored. */
export const taskRequest = z.strictObject({
  repository: z.string().min(1).max(2048),
  branch: z.string().min(1).max(255).refine(oneLine, "may not hold control characters").optional(),
  prompt: z
    .string()
    .max(maxPromptCharacters)
    .refine((text) => text.trim() !== "", "say in words what the task is for; it becomes the commit message"),
  title: z.string().trim().min(1).max(120).refine(oneLine, "may not hold control characters").optional(),
  agent: commandAgentRequest,
  priority: z.int().min(1).max(10).default(5),
  maxAttempts: z.int().min(1).max(10).default(3),
  credential: z.string().min(1).max(64).optional(),
  limits: z.strictObject({ wallClockMs: z.int().min(1_000).max(maxWallClockMs).default(900_000) }).prefault({}),
});

export type TaskRequest = z.output<typeof taskRequest>;

export const killRequest = z.strictObject({
  reason: z
    .string()
    .max(500)
    .refine((text) => text.trim() !== "", "say why: the reason goes into the audit log"),
});

export const credentialRequest = z.strictObject({
  /** Most git hosts take any user name with a token; some want their own. */
  username: z.string().min(1).max(256).default("x-access-token"),
  token: z.string().min(1).max(3072),
});

/** The first line of the prompt, cut to what a list can show. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().split("\n")[0]?.replaceAll(/\s+/g, " ").trim() ?? "";
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
}
