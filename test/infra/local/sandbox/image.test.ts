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
import { join } from "node:path";
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
  for (const part of ["functions/sandbox/secrets", "functions/core", "functions/git"])
    mkdirSync(join(checkout, part), { recursive: true });
  writeFileSync(join(checkout, "functions/git/tree.ts"), "export const tree: number = 1;\n");
  for (const name of ["supervisor", "secrets/scan-process"]) {
    writeFileSync(join(checkout, "functions/sandbox", `${name}.ts`), "export {};\n");
  }
  writeFileSync(
    join(checkout, "functions/sandbox/runner.ts"),
    'import { tree } from "../git/tree.ts";\nconsole.log(tree);\n',
    { mode: 0o600 },
  );
  writeFileSync(join(checkout, "functions/git/secret.ts"), "not for the sandbox");
  writeFileSync(join(checkout, "package-lock.json"), "{}");
  return { checkout, node: process.execPath };
}

/** Its own, without those that it takes from Node. */
const listImports = (file: string) =>
  [...readFileSync(file, "utf8").matchAll(/^(?:import|export) [^"]*"([^"]+)";$/gm)]
    .map(([, name]) => name ?? "")
    .filter((name) => !name.startsWith("node:"));

describe("the image", () => {
  it("holds the runtime, what the runner's code has become, and nothing else of the checkout", async () => {
    const image = await ensureImage(makeDirectory(), makeSources());
    expect(readdirSync(join(image, "opt")).sort()).toEqual(["bin", "libexec", "package.json", "sandbox"]);
    const programs = ["runner.js", "scan-process.js", "supervisor.js"];
    expect(readdirSync(join(image, "opt/sandbox")).sort()).toEqual(programs);
    const { stdout } = await run(join(image, "opt/bin/node"), [join(image, "opt/sandbox/runner.js")]);
    expect(stdout).toBe("1\n");
  });

  it("holds programs that need no packages, and load what is for a model when there is one", async () => {
    const image = await ensureImage(makeDirectory(), { ...defaultSources(), npm: undefined });
    const folder = join(image, "opt/sandbox");
    const files = readdirSync(folder);
    const imported = new Set(files.flatMap((name) => listImports(join(folder, name))));
    expect([...imported].filter((name) => !files.includes(name.replace("./", "")))).toEqual([]);
    const later = files.filter((name) => readFileSync(join(folder, name), "utf8").includes("anthropic-version"));
    expect(later).not.toEqual([]);
    for (const name of later) expect(imported).not.toContain(`./${name}`);
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
    writeFileSync(join(sources.checkout, "package-lock.json"), '{ "packages": {} }');
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
