import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toStack } from "../support/drover.ts";
import { useStack } from "../support/stack.ts";

const root = resolve(import.meta.dirname, "../..");
const stack = useStack();
const dir = mkdtempSync(join(tmpdir(), "drover-package-"));
const modules = join(dir, "node_modules");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** As installed: the tarball's files below node_modules, beside the packages that it depends on. */
beforeAll(() => {
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", dir], { cwd: root, encoding: "utf8" });
  mkdirSync(join(modules, "drover"), { recursive: true });
  const tarball = join(dir, packed.trim().split("\n").at(-1) ?? "");
  execFileSync("tar", ["xzf", tarball, "--strip-components=1", "-C", join(modules, "drover")]);
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
});

const drover = (...args: string[]) =>
  spawnSync(process.execPath, [join(modules, "drover/scripts/drover.mjs"), ...args], {
    cwd: dir,
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });

it("the packaged command line has its help and its version", () => {
  expect(drover("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage: drover") });
  expect(drover("--version").stdout).toBe("0.1.0\n");
});

it("it speaks to a running stack", async () => {
  const { local } = stack;
  const script = `import { ask, openDrover } from "drover/client";
    const drover = openDrover({ url: ${JSON.stringify(local.url)}, apiKey: ${JSON.stringify(local.apiKey)} });
    const { role }: { role: string } = await ask(drover.api.GET("/api/session"));
    console.log(role);`;
  const [program, typed] = [join(dir, "program.mjs"), join(dir, "typed.mts")];
  writeFileSync(program, script.replace(": { role: string }", ""));
  writeFileSync(typed, script);
  const compiler = [join(root, "node_modules/typescript-7/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck"];
  const options = ["--module", "NodeNext", "--target", "ES2024", "--types", "node", typed];
  const checked = spawnSync(process.execPath, [...compiler, ...options], { cwd: dir, encoding: "utf8" });
  expect(checked.stdout, "the types of drover/client").toBe("");
  const run = (...argv: string[]) =>
    text(spawn(process.execPath, argv, { cwd: dir, env: toStack(stack), stdio: ["ignore", "pipe", "inherit"] }).stdout);
  expect(await run(program)).toBe("super_admin\n");
  expect(await run(join(modules, "drover/scripts/drover.mjs"), "ls", "--json")).toBe('{\n  "tasks": []\n}\n');
});

it("up says that it needs a checkout", () => {
  expect(drover("up")).toMatchObject({ status: 1, stderr: expect.stringContaining("needs a checkout") });
});
