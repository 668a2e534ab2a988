import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const maxLines = 250;

/** A room is the longest prefix that fits. Entry points are the files right under functions/. */
const rooms = [
  "functions/core",
  "functions/aws",
  "functions/flows",
  "functions/api",
  "functions/git",
  "functions/forge",
  "functions/sandbox",
  "functions",
  "infra/aws",
  "infra/local",
  "infra",
  "stacks",
  "clients",
  "examples",
  "scripts",
] as const;
type Room = (typeof rooms)[number];

/** The arrows of the design: from a room, to which others. docs/decisions/ tells why git has a room of its own. */
const arrows: Record<Room, readonly Room[]> = {
  "functions/core": [],
  "functions/aws": ["functions/core"],
  "functions/git": ["functions/core"],
  "functions/forge": ["functions/core"],
  "functions/flows": ["functions/core", "functions/git"],
  "functions/api": ["functions/core", "functions/flows"],
  "functions/sandbox": ["functions/core", "functions/git"],
  functions: [
    "functions/core",
    "functions/aws",
    "functions/flows",
    "functions/api",
    "functions/git",
    "functions/forge",
  ],
  infra: ["functions/core"],
  // Of `functions/aws` the table's definition alone: see below.
  "infra/aws": ["infra", "functions/core", "functions/aws"],
  "infra/local": [
    "infra",
    "functions",
    "functions/core",
    "functions/aws",
    "functions/flows",
    "functions/api",
    "functions/git",
  ],
  stacks: ["functions", "functions/api", "functions/core", "functions/flows", "infra", "infra/aws", "infra/local"],
  // Types only, which are generated: a client knows the API by its document.
  clients: [],
  examples: ["clients"],
  scripts: ["stacks", "infra", "infra/aws", "infra/local", "functions", "functions/core", "clients"],
};

const sources = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter(
    (path) =>
      path &&
      !path.startsWith("test/") &&
      !["vitest.config.ts", "sst.config.ts", "clients/api-types.ts"].includes(path),
  );

const roomOf = (path: string): Room | undefined => rooms.find((room) => path.startsWith(`${room}/`));

/** Every module specifier that a file names: imports, re-exports and dynamic imports. */
function importsOf(text: string): string[] {
  const forms =
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;
  return [...text.matchAll(forms)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

const read = (path: string) => readFileSync(join(root, path), "utf8");

/** What is wrong with one file's imports; empty when all is well. */
function judge(path: string, text: string): string[] {
  const from = roomOf(path);
  if (!from) return [`${path} is in no room`];
  return importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith(".")) return judgePackage(path, from, specifier);
    const target = join(dirname(path), specifier);
    const to = roomOf(target);
    // What is deployed says where functions lie, and runs none of them.
    if (from === "infra/aws" && to === "functions/aws" && target !== "functions/aws/table-definition.ts") {
      return [`${path} may not import ${target}`];
    }
    if (to === from || (to && arrows[from].includes(to))) return [];
    return [`${path} may not import ${target}`];
  });
}

function judgePackage(path: string, from: Room, specifier: string): string[] {
  const isAws = specifier.startsWith("@aws-sdk/");
  if (isAws && from.startsWith("functions/") && from !== "functions/aws")
    return [`${path} may not import ${specifier}`];
  if (from !== "functions/core") return [];
  return ["zod", "node:crypto", "node:net"].includes(specifier)
    ? []
    : [`${path} decides only, and may not import ${specifier}`];
}

describe("the rooms", () => {
  it("are all there", () => {
    for (const room of rooms)
      expect(
        sources.some((path) => roomOf(path) === room),
        room,
      ).toBe(true);
  });

  it.each(sources)("%s follows the arrows", (path) => expect(judge(path, read(path))).toEqual([]));

  it.each(sources)(`%s has at most ${maxLines} lines`, (path) => {
    expect(read(path).split("\n").length).toBeLessThanOrEqual(maxLines + 1);
  });

  it.each(
    sources.filter((path) => /^functions\/[^/]+\.ts$/.test(path) && !/\/(cloud|environment)\.ts$/.test(path)),
  )("%s, an entry point, has at most 60 lines", (path) =>
    expect(read(path).split("\n").length).toBeLessThanOrEqual(61));

  it.each(sources)("%s begins with the question it answers, or says what it is", (path) => {
    expect(read(path)).toMatch(/^\/\/ .{10,}/);
  });

  it.each(
    sources.filter((path) => path.startsWith("functions/core/")),
  )("%s knows no clock, chance or environment", (path) => {
    expect(read(path)).not.toMatch(/Date\.now|new Date\(\)|Math\.random|process\.|randomUUID|fetch\(|setTimeout/);
    // Of node:net only what reads an address.
    expect(read(path)).not.toMatch(/createConnection|createServer|\bconnect\(|\bSocket\b/);
  });
});

describe("this check itself", () => {
  it.each([
    ["functions/core/x.ts", 'import { a } from "../aws/table.ts";'],
    ["functions/core/x.ts", 'import { DynamoDBClient } from "@aws-sdk/client-dynamodb";'],
    ["functions/flows/x.ts", 'import type { b } from "../api/app.ts";'],
    ["functions/flows/x.ts", 'import {\n  c,\n} from "@aws-sdk/client-sqs";'],
    ["functions/sandbox/x.ts", 'export * from "../flows/wake.ts";'],
    ["functions/api/x.ts", 'const d = await import("../aws/table.ts");'],
    ["functions/dispatcher.ts", 'import "../infra/local/sqs.ts";'],
    ["infra/aws/x.ts", 'import { openTable } from "../../functions/aws/table.ts";'],
    ["infra/aws/x.ts", 'import { app } from "../../functions/api.ts";'],
    ["elsewhere/x.ts", ""],
  ])("finds what is wrong in %s with %s", (path, text) => expect(judge(path, text)).toHaveLength(1));

  it.each([
    ["functions/flows/x.ts", 'import { a } from "../core/task.ts";\nimport { b } from "./wake.ts";'],
    ["functions/aws/x.ts", 'import { c } from "@aws-sdk/client-sqs";'],
  ])("lets what is right in %s pass", (path, text) => expect(judge(path, text)).toEqual([]));
});
