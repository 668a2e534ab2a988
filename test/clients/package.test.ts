import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toStack } from "../support/drover.ts";
import { useRemote } from "../support/remote.ts";
import { useStack } from "../support/stack.ts";

const root = resolve(import.meta.dirname, "../..");
const stack = useStack();
const remote = useRemote({
  "package.json": JSON.stringify({ scripts: { test: "node --test" } }),
  "a.test.mjs": 'import { test } from "node:test";\ntest("is there", () => {});\n',
});
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

it("up runs the whole system from the package, sandbox and dashboard included", async () => {
  const args = [join(modules, "drover/scripts/drover.mjs"), "up", "--port", "0"];
  const up = spawn(process.execPath, args, { cwd: dir, env: { PATH: process.env.PATH } });
  try {
    let said = "";
    const url = await new Promise<string>((resolve, reject) => {
      up.stdout.on("data", (chunk) => {
        said += chunk;
        const address = /drover is up: (\S+)/.exec(said)?.[1];
        if (address) resolve(address);
      });
      up.on("exit", () => reject(new Error(`it ended: ${said}`)));
    });
    expect(await (await fetch(url)).text()).toContain('<div id="root">');
    const command = ["sh", "-c", "node --version > version.txt"];
    const argv = [
      join(modules, "drover/scripts/drover.mjs"),
      "run",
      "-r",
      remote.url,
      "--gates",
      "test",
      "--",
      ...command,
    ];
    const run = spawn(process.execPath, argv, { cwd: dir, env: { PATH: process.env.PATH } });
    const [out, err, [code]] = await Promise.all([text(run.stdout), text(run.stderr), once(run, "close")]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/completed after .* drover\/tsk_/);
  } finally {
    up.kill("SIGTERM");
    await once(up, "exit");
  }
});

it("it depends on every package that it uses", () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(modules, "drover/package.json"), "utf8"));
  const declared = new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
  const files = globSync("dist/**/*.js", { cwd: join(modules, "drover"), exclude: ["dist/clients/dashboard"] });
  const used = files.flatMap((file) => {
    const source = readFileSync(join(modules, "drover", file), "utf8");
    return [...source.matchAll(/(?:from|import\() ?"(@?[a-z][\w./-]*)"/g)].map(([, name = ""]) => packageOf(name));
  });
  expect(used).toContain("hono");
  expect([...new Set(used)].filter((name) => !declared.has(name))).toEqual([]);
});

const packageOf = (name: string) =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
