// What may stand in drover.yaml, and what is wrong with one that says something else?
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { z } from "zod";
import { isGateName } from "../../core/gates.ts";
import { whyBadPath } from "../../git/tree.ts";

export const configPath = "drover.yaml";
export const maxConfigBytes = 64 * 1024;
const maxTimeoutMs = 4 * 60 * 60 * 1000;

const pathOf = (read: (text: string) => string) =>
  z.string().superRefine((text, context) => {
    const why = whyBadPath(read(text));
    if (why) context.addIssue({ code: "custom", message: `${why}; give it relative to the root of the repository` });
  });
const path = pathOf((text) => text);
/** `tools/` is everything in it. */
const fileOrFolder = pathOf((text) => text.replace(/\/$/, ""));

const command = z
  .array(
    z.string("is no text to YAML: put it in quotes").max(4096),
    "write a command as a list of words: [npm, run, lint]. There is no shell",
  )
  .min(1, "name at least the program to run")
  .max(64);

const variables = z.record(
  z.string().regex(/^(?!DROVER_)[A-Za-z_][A-Za-z0-9_]*$/, "is no name for a variable"),
  z.string(),
);

const common = {
  /** Found by itself where it is left out. */
  command: command.optional(),
  /** Where it runs; the root by default. */
  cwd: path.optional(),
  env: variables.optional(),
  timeoutMs: z.int().min(1_000).max(maxTimeoutMs).optional(),
  /** Not beside other gates: it listens on a port that they use, say. */
  alone: z.boolean().optional(),
};
const report = path.optional();
const plainGate = z.strictObject(common);
const testGate = z.strictObject({ ...common, report });

const gates = z
  .strictObject({
    typecheck: plainGate.optional(),
    lint: z.strictObject({ ...common, warnings: z.enum(["fail", "allowed"]).optional() }).optional(),
    test: testGate.optional(),
    coverage: z.strictObject({ ...common, report, threshold: z.number().min(0).max(100).optional() }).optional(),
    build: plainGate.optional(),
    integration: testGate.optional(),
  })
  .catchall(testGate);

const config = z.strictObject({
  gates: gates.default({}),
  /** Before the gates, in order: what installs the dependencies. Found by itself where it is left out. */
  setup: z.array(command).max(20).optional(),
  /** Further files and folders that decide what a gate says: an agent may not change them. */
  protected: z.array(fileOrFolder).max(200).default([]),
  secrets: z.strictObject({ allow: z.array(z.string().min(1).max(200)).max(500).default([]) }).prefault({}),
});
export type DroverConfig = z.output<typeof config>;

export type ParsedConfig = { kind: "config"; config: DroverConfig } | { kind: "invalid"; why: string };

export const emptyConfig: DroverConfig = config.parse({});

export function parseConfig(text: string): ParsedConfig {
  if (Buffer.byteLength(text) > maxConfigBytes) return invalid(`it is larger than ${maxConfigBytes} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) return invalid(broken.message.split("\n")[0]?.replace(/:$/, "") ?? "it is not YAML");
  const value = toPlain(() => document.toJS({ maxAliasCount: 20 }) ?? {});
  if ("why" in value) return invalid(value.why);
  const lineOf = (keys: readonly PropertyKey[]) => {
    const offset = findOffset(document.contents, keys);
    return offset === undefined ? "" : ` (line ${lines.linePos(offset).line})`;
  };
  const parsed = config.safeParse(value.plain);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 5);
    return invalid(
      issues.map((issue) => `${nameOf(issue.path)}${lineOf(keysOf(issue))}: ${wordsOf(issue)}`).join("; "),
    );
  }
  const bad = Object.keys(parsed.data.gates).find((name) => !isGateName(name) || name === "ai_review");
  if (bad === undefined) return { kind: "config", config: parsed.data };
  const why = bad === "ai_review" ? "is a model's work and takes no command" : "is no name for a gate";
  return invalid(`gates.${bad}${lineOf(["gates", bad])}: ${why}`);
}

const invalid = (why: string): ParsedConfig => ({ kind: "invalid", why: `${configPath} of the base branch: ${why}.` });

function toPlain(read: () => unknown): { plain: unknown } | { why: string } {
  try {
    return { plain: read() };
  } catch (error) {
    // Too many aliases, or one that leads nowhere.
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

const nameOf = (keys: readonly PropertyKey[]) => (keys.length === 0 ? "the file" : keys.map(String).join("."));

/** An unknown key is the issue of the map around it; its line is the key's own. */
function keysOf(issue: z.core.$ZodIssue): PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "unrecognized_keys") return issue.message;
  return `there is no setting ${issue.keys.map((key) => JSON.stringify(key)).join(", ")} here`;
}

function findOffset(root: unknown, keys: readonly PropertyKey[]): number | undefined {
  let node = root;
  let offset = startOf(root);
  for (const key of keys) {
    const child = isMap(node)
      ? node.items.find((pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === key)
      : undefined;
    if (!child) break;
    offset = startOf(child.key) ?? offset;
    node = child.value;
  }
  return offset;
}

const startOf = (node: unknown) => (node as Node | undefined)?.range?.[0];
