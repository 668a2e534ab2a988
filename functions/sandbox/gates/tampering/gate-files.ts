// Which files of the repository do its gates run, or read as their configuration, under names of their own?
import type { GatePlan } from "../plan.ts";
import { lastCommand, stripLauncher } from "../tools.ts";
import { findGuarded } from "./package-json.ts";
import { isTestFile } from "./tests.ts";

const interpreters = /^(node|sh|bash|zsh|tsx|ts-node|deno|bun|python3?|ruby|perl|php)$/;

/** By the words of commands and scripts: what an interpreter is given first, and what follows an option. */
export function listGateFiles({ commands, setup, project }: GatePlan, basePaths: ReadonlySet<string>): string[] {
  const scripts = project?.scripts ?? {};
  const lines = [...findGuarded(scripts)].flatMap((name) => (scripts[name] ?? "").split(/&&|\|\|?|;/));
  const words = [...lines.map((line) => lastCommand(line) ?? []), ...commands.map(({ argv }) => argv), ...setup];
  const named = words.flatMap(listNamed).map((word) => word.replace(/^\.\//, ""));
  return [...new Set(named)].filter((path) => basePaths.has(path) && !isTestFile(path));
}

function listNamed(line: readonly string[]): string[] {
  const [program = "", ...rest] = stripLauncher(line);
  const script = interpreters.test(program) ? rest.find((word) => !word.startsWith("-")) : undefined;
  const afterOption = rest.flatMap((word, at) => {
    if (word.startsWith("-")) return word.includes("=") ? [word.slice(word.indexOf("=") + 1)] : [];
    return rest[at - 1]?.startsWith("-") ? [word] : [];
  });
  return [program, ...(script === undefined ? [] : [script]), ...afterOption];
}
