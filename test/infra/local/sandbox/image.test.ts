// Is the sandbox's image made once, whole, and readable for every container?
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { defaultSources, ensureImage } from "../../../../infra/local/sandbox/image.ts";
import { findNpmPackage } from "../../../../infra/local/sandbox/npm.ts";
import { makeDirectory } from "./support.ts";

const run = promisify(execFile);
const module = join(import.meta.dirname, "../../../../infra/local/sandbox/image.ts");

/** A checkout in small, without npm: that part is copied as it is, and slow. */
function makeSources() {
  const checkout = makeDirectory();
  for (const part of ["functions/sandbox", "functions/core", "functions/git"])
    mkdirSync(join(checkout, part), { recursive: true });
  writeFileSync(join(checkout, "functions/git/tree.ts"), "export const tree: number = 1;\n");
  writeFileSync(join(checkout, "functions/git/blob-id.ts"), "export {};\n");
  writeFileSync(
    join(checkout, "functions/sandbox/runner.ts"),
    'import { tree } from "../git/tree.ts";\nconsole.log(tree);\n',
    { mode: 0o600 },
  );
  writeFileSync(join(checkout, "functions/git/secret.ts"), "not for the sandbox");
  for (const name of ["zod", "ignore"]) {
    mkdirSync(join(checkout, "node_modules", name), { recursive: true });
    writeFileSync(join(checkout, "node_modules", name, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
    writeFileSync(join(checkout, "node_modules", name, "index.d.ts"), "");
  }
  return { checkout, node: process.execPath };
}

/** Follows the imports that are left when the types are stripped, and names those that lead nowhere. */
function listMissingImports(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const code = stripTypeScriptTypes(readFileSync(file, "utf8"));
  const imports = code.matchAll(/^(?:import|export)(?: [^;"()=]*? from)? "([^"]+)";/gm);
  const names = [...imports].map(([, name]) => name ?? "");
  return names.flatMap((name) => {
    if (name.startsWith("node:")) return [];
    const target = name.startsWith(".") ? join(dirname(file), name) : undefined;
    if (target) return existsSync(target) ? listMissingImports(target, seen) : [`${file}: ${name}`];
    return canResolve(file, name) ? [] : [`${file}: ${name}`];
  });
}

function canResolve(file: string, name: string): boolean {
  try {
    return createRequire(file).resolve(name) !== "";
  } catch {
    return false; // that is the answer
  }
}

describe("the image", () => {
  it("holds the runtime, the runner's code and packages, and nothing else of the checkout", async () => {
    const image = await ensureImage(makeDirectory(), makeSources());
    expect(readdirSync(join(image, "opt")).sort()).toEqual([
      "bin",
      "functions",
      "libexec",
      "node_modules",
      "package.json",
    ]);
    expect(readdirSync(join(image, "opt/functions/git")).sort()).toEqual(["blob-id.ts", "tree.ts"]);
    expect(readdirSync(join(image, "opt/node_modules/zod"))).toEqual(["package.json"]);
    const { stdout } = await run(join(image, "opt/bin/node"), [join(image, "opt/functions/sandbox/runner.ts")]);
    expect(stdout).toBe("1\n");
  });

  it("holds whatever the runner imports", async () => {
    const image = await ensureImage(makeDirectory(), { ...defaultSources(), npm: undefined });
    const missing = listMissingImports(join(image, "opt/functions/sandbox/runner.ts"));
    expect(missing).toEqual([]);
    expect(listMissingImports(join(image, "opt/functions/sandbox/supervisor.ts"))).not.toEqual([]);
  });

  it("can be read by everyone and written by nobody else, whatever modes the sources have", async () => {
    const image = await ensureImage(makeDirectory(), makeSources());
    for (const entry of ["", ...readdirSync(image, { recursive: true }).map(String)]) {
      const { mode } = statSync(join(image, entry));
      expect(mode & 0o022, entry).toBe(0);
      // What runs the runner is run and not read.
      if (entry === "opt/libexec/node") expect(mode & 0o777, entry).toBe(0o111);
      else expect(mode & 0o004, entry).toBe(0o004);
    }
  });

  it("brings npm and npx that run", async () => {
    const npm = findNpmPackage();
    const image = await ensureImage(makeDirectory(), { ...makeSources(), npm });
    const env = { PATH: `${join(image, "opt/bin")}:/usr/bin:/bin`, HOME: makeDirectory() };
    for (const name of ["npm", "npx"]) {
      const { stdout } = await run(join(image, "opt/bin", name), ["--version"], { env });
      expect(stdout).toMatch(/^\d+\.\d+/);
    }
  });

  it("is made once when two calls of one process want it at once", async () => {
    const [base, sources] = [makeDirectory(), makeSources()];
    const paths = await Promise.all([1, 2, 3].map(() => ensureImage(base, sources)));
    expect(new Set(paths).size).toBe(1);
    expect(readdirSync(join(base, "images"))).toHaveLength(1);
  });

  it("is one when several processes make it at once", async () => {
    const [base, sources] = [makeDirectory(), makeSources()];
    const code = `import(${JSON.stringify(module)}).then(async (m) => console.log(await m.ensureImage(${JSON.stringify(base)}, ${JSON.stringify(sources)})))`;
    const answers = await Promise.all([1, 2, 3].map(() => run(process.execPath, ["-e", code])));
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(join(base, "images"))).toHaveLength(1);
  });

  it("is found again, and another one follows when the code or a package changes", async () => {
    const [base, sources] = [makeDirectory(), makeSources()];
    const first = await ensureImage(base, sources);
    const madeAt = statSync(first).ctimeMs;
    expect(await ensureImage(base, sources)).toBe(first);
    expect(statSync(first).ctimeMs).toBe(madeAt);
    writeFileSync(join(sources.checkout, "functions/core/new.ts"), "export {};\n");
    const second = await ensureImage(base, sources);
    writeFileSync(join(sources.checkout, "node_modules/zod/package.json"), '{ "name": "zod", "version": "1.0.1" }');
    expect(new Set([first, second, await ensureImage(base, sources)]).size).toBe(3);
  });

  it("leaves no half-made one behind when a source is missing, and clears away old drafts", async () => {
    const [base, sources] = [makeDirectory(), makeSources()];
    const draft = join(base, "images/.making-old");
    mkdirSync(draft, { recursive: true });
    utimesSync(draft, new Date(0), new Date(0));
    symlinkSync("/nowhere", join(sources.checkout, "functions/core/dangling.ts"));
    await expect(ensureImage(base, sources)).rejects.toThrow();
    cpSync(join(sources.checkout, "functions/git/tree.ts"), join(sources.checkout, "functions/core/other.ts"));
    expect(
      existsSync(join(base, "images"))
        ? readdirSync(join(base, "images")).filter((name) => name !== ".making-old")
        : [],
    ).toEqual([]);
    const whole = makeSources();
    await ensureImage(base, whole);
    expect(existsSync(draft)).toBe(false);
  });

  it("comes from this checkout and this runtime unless told otherwise", () => {
    const { checkout, node } = defaultSources();
    expect(existsSync(join(checkout, "infra/local/containers.ts"))).toBe(true);
    expect(node).toBe(process.execPath);
  });
});
