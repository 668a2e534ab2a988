// How does the model read and change files? By exact matches, so that it never changes what it has not seen.
import { z } from "zod";
import type { Workspace } from "../../workspace.ts";
import { clipLines } from "./clip.ts";
import type { Files, Found } from "./files.ts";
import { listFiles } from "./list.ts";
import { defineTool, fail, type Outcome, type Tool } from "./tool.ts";

const path = z.string().min(1);
const input = z.discriminatedUnion("command", [
  z.object({
    command: z.literal("view"),
    path,
    view_range: z.tuple([z.int().min(1), z.int().min(-1)]).nullish(),
  }),
  z.object({ command: z.literal("create"), path, file_text: z.string() }),
  z.object({ command: z.literal("str_replace"), path, old_str: z.string().min(1), new_str: z.string().default("") }),
  z.object({
    command: z.literal("insert"),
    path,
    insert_line: z.int().min(0),
    insert_text: z.string().optional(),
    /** The name that it had in earlier versions of this tool. */
    new_str: z.string().optional(),
  }),
]);
type Input = z.output<typeof input>;

const maxViewCharacters = 60_000;
const contextLines = 3;

export function openEditor(workspace: Workspace, files: Files): Tool {
  return defineTool({
    name: "str_replace_based_edit_tool",
    type: "text_editor_20250728",
    input,
    async run(wish) {
      const found = await files.find(wish.path);
      if (found.kind === "unusable") return fail(`${found.why}.`);
      if (wish.command === "create") return create(files, found, wish.file_text);
      if (found.kind === "missing") return fail(`${wish.path} does not exist.`);
      if (found.kind === "directory") {
        if (wish.command === "view") return listFiles(workspace, { path: found.path, depth: 2 });
        return fail(`${wish.path} is a directory.`);
      }
      return perform(files, found, wish);
    },
  });
}

type TextFile = Extract<Found, { kind: "file" }>;

async function create(files: Files, found: Exclude<Found, { kind: "unusable" }>, text: string): Promise<Outcome> {
  if (found.kind === "directory") return fail(`${found.path} is a directory.`);
  await files.write(found.path, found.kind === "file" ? found.mode : "100644", text);
  return { text: `${found.kind === "file" ? "Replaced" : "Created"} ${found.path} (${countLines(text)} lines).` };
}

async function perform(files: Files, file: TextFile, wish: Exclude<Input, { command: "create" }>): Promise<Outcome> {
  switch (wish.command) {
    case "view":
      return view(file, wish.view_range ?? undefined);
    case "str_replace":
      return replace(files, file, wish.old_str, wish.new_str);
    case "insert":
      return insert(files, file, wish.insert_line, wish.insert_text ?? wish.new_str ?? "");
  }
}

function view(file: TextFile, range: readonly [number, number] | undefined): Outcome {
  if (file.text === "") return { text: `${file.path} is empty.` };
  const lines = linesOf(file.text);
  const [from, to] = range ?? [1, -1];
  const last = to === -1 ? lines.length : Math.min(to, lines.length);
  if (from > lines.length || last < from) {
    return fail(`${file.path} has ${lines.length} lines; the range [${from}, ${to}] holds none of them.`);
  }
  const shown = clipLines(number(lines, from, last));
  if (shown.length <= maxViewCharacters) return { text: shown };
  const note = `[drover: cut after ${maxViewCharacters} characters; view the rest of the ${lines.length} lines with view_range]`;
  return { text: `${shown.slice(0, maxViewCharacters).toWellFormed()}\n${note}` };
}

async function replace(files: Files, file: TextFile, old: string, next: string): Promise<Outcome> {
  const places = findAll(file.text, old);
  const [at] = places;
  if (at === undefined) {
    const crlf = file.text.includes("\r\n") && !old.includes("\r") ? " Its lines end with CR LF." : "";
    return fail(`old_str does not occur in ${file.path}, character by character.${crlf} View the file first.`);
  }
  if (places.length > 1) {
    const lines = places.map((place) => countLines(file.text.slice(0, place + 1)));
    return fail(
      `old_str occurs ${places.length} times in ${file.path}, at lines ${lines.join(", ")}. Add context to it.`,
    );
  }
  const text = file.text.slice(0, at) + next + file.text.slice(at + old.length);
  await files.write(file.path, file.mode, text);
  return { text: `Replaced in ${file.path}:\n${excerpt(text, at, at + next.length)}` };
}

async function insert(files: Files, file: TextFile, line: number, words: string): Promise<Outcome> {
  const lines = file.text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  if (line > lines.length) return fail(`${file.path} has ${lines.length} lines, so there is no line ${line}.`);
  const before = lines.slice(0, line).join("");
  const after = lines.slice(line).join("");
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  const end = after === "" || words.endsWith("\n") ? "" : "\n";
  const text = `${before}${gap}${words}${end}${after}`;
  await files.write(file.path, file.mode, text);
  const at = before.length + gap.length;
  return { text: `Inserted into ${file.path}:\n${excerpt(text, at, at + words.length)}` };
}

function findAll(text: string, part: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
}

function excerpt(text: string, from: number, to: number): string {
  const first = countLines(text.slice(0, from + 1));
  const last = countLines(text.slice(0, Math.max(from + 1, to)));
  const lines = linesOf(text);
  return clipLines(number(lines, Math.max(1, first - contextLines), Math.min(lines.length, last + contextLines)));
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

function countLines(text: string): number {
  return linesOf(text).length;
}

function number(lines: string[], from: number, to: number): string {
  return lines
    .slice(from - 1, to)
    .map((line, index) => `${String(from + index).padStart(6)}\t${line}`)
    .join("\n");
}
