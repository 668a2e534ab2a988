// What may the supervisor ask of a runner, and what may the runner answer?
import { z } from "zod";

/** Raised with every change that an older peer would misunderstand. */
export const protocolVersion = 2;

/** Longer lists would not fit in memory beside each other; git itself is slow long before. */
export const maxFiles = 200_000;
export const maxListingBytes = 64 * 1024 * 1024;
export const maxFileBytes = 50 * 1024 * 1024;
export const maxTreeBytes = 500 * 1024 * 1024;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL would end the string early in the kernel
const plainText = z.string().regex(/^[^\u0000]*$/, "holds a NUL");
const relativeFolder = plainText.refine((path) => !path.startsWith("/") && !path.split("/").includes(".."));

export const requestSchema = z.discriminatedUnion("kind", [
  /** Followed by a tar stream in data frames and `end`. */
  z.object({ kind: z.literal("unpack") }),
  z.object({
    kind: z.literal("run"),
    argv: z.array(plainText).min(1),
    env: z.record(z.string().regex(/^(?!DROVER_)[A-Za-z_][A-Za-z0-9_]*$/), plainText),
    timeoutMs: z.int().positive().max(2_147_483_647),
    cwd: relativeFolder,
  }),
  /** Followed by the tracked paths, each with a NUL behind it, and `end`. Answered with NDJSON in data frames. */
  z.object({ kind: z.literal("manifest") }),
  /** Followed by the wanted paths in the same form. Answered with a tar stream. */
  z.object({ kind: z.literal("fetch") }),
  z.object({ kind: z.literal("quiesce") }),
  /** As quiesce, and empties whatever commands could write to. */
  z.object({ kind: z.literal("clear") }),
  /** Ends the operation in flight early; it answers as always. Says nothing when there is none. */
  z.object({ kind: z.literal("cancel") }),
]);
export type Request = z.infer<typeof requestSchema>;

export const helloSchema = z.object({ kind: z.literal("hello"), protocol: z.literal(protocolVersion) });

export const startFailures = ["not_found", "not_executable", "bad_cwd", "too_long", "no_resources", "other"] as const;

export const runResultSchema = z.object({
  /** Null when a signal ended the command, or when it never started. */
  exitCode: z.int().min(0).max(255).nullable(),
  signal: z
    .string()
    .regex(/^SIG[A-Z0-9]{1,12}$/)
    .nullable(),
  timedOut: z.boolean(),
  cancelled: z.boolean(),
  startFailure: z.enum(startFailures).optional(),
  /** At its end the workspace's disk had no room left. */
  diskFull: z.boolean().optional(),
});
export type RunResult = z.infer<typeof runResultSchema>;

export const answerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("ran"), result: runResultSchema }),
  z.object({ kind: z.literal("failed"), why: z.string().max(2000) }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** One line of a manifest. */
export const manifestLineSchema = z.union([
  z.object({
    path: z.string(),
    mode: z.enum(["100644", "100755", "120000"]),
    size: z.int().nonnegative(),
    oid: z.string().regex(/^[0-9a-f]{40}$/),
  }),
  z.object({ skipped: z.string(), why: z.string().max(200) }),
]);
export type ManifestLine = z.infer<typeof manifestLineSchema>;

/** The first byte of each data frame of a running command says which stream the rest belongs to. */
export const streamCodes = { stdout: 1, stderr: 2 } as const;
export type OutputStream = keyof typeof streamCodes;
