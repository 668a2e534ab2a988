// What would a deploy make of this stage? sst.config.ts runs through SST's own components; only Pulumi's engine and AWS are absent.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { openEsbuild, platform, root } from "../sst-platform.ts";
import type { Graph } from "./graph.ts";
import { serveCli } from "./serve-cli.ts";

const run = promisify(execFile);

/** As the CLI has it: what is not bundled is found in the platform's own packages. */
const external = ["@pulumi/*", "@pulumiverse/*", "@aws-sdk/*", "undici", "esbuild", "archiver", "glob", "vite"];
const requireShim =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

interface Esbuild {
  build(options: object): Promise<unknown>;
}

interface Bundle {
  code: string;
  outfile: string;
  /** Before every file of ours: what the CLI makes global. */
  globals?: string;
  define?: Record<string, unknown>;
  inject?: string[];
}

async function bundle({ code, outfile, globals = "", define = {}, inject = [] }: Bundle): Promise<void> {
  const isForeign = (path: string) => path.startsWith(platform) || path.includes("node_modules");
  await openEsbuild<Esbuild>().build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
    mainFields: ["module", "main"],
    nodePaths: [join(platform, "node_modules")],
    external,
    banner: { js: globals ? requireShim : `${requireShim} const $config = (config) => config;` },
    define: Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)])),
    inject,
    plugins: [
      {
        name: "as-the-cli",
        setup(build: {
          onResolve(filter: object, act: (found: { importer: string; kind: string; path: string }) => unknown): void;
          onLoad(filter: object, act: (found: { path: string }) => unknown): void;
        }) {
          build.onResolve({ filter: /.*/ }, ({ importer, kind, path }) =>
            !globals && basename(importer) === "sst.config.ts" && kind === "import-statement"
              ? { errors: [{ text: `sst.config.ts may not import ${path} at its top: the CLI refuses that` }] }
              : undefined,
          );
          build.onLoad({ filter: /\.[jt]sx?$/ }, ({ path }) =>
            isForeign(path) ? undefined : { contents: `${globals}\n${readFileSync(path, "utf8")}`, loader: "default" },
          );
        },
      },
    ],
  });
}

/** `variables`: what the owner of the stage has set in `.env`. */
export async function synth(stage: string, variables: Record<string, string>): Promise<Graph> {
  // Below the platform, where its packages are found.
  const dir = mkdtempSync(join(platform, "synth-"));
  // Built by a deploy, and looked into whether it was or not.
  mkdirSync(join(root, "clients/dashboard/dist"), { recursive: true });
  const cli = await serveCli(dir);
  const config = JSON.stringify(join(root, "sst.config.ts"));
  const start = async (file: string): Promise<string> => {
    const { stdout } = await run(
      process.execPath,
      // An error within `apply` ends the program, as it does under the real engine.
      ["--no-warnings", "--unhandled-rejections=throw", file],
      { cwd: root, env: { PATH: process.env.PATH, SST_SERVER: cli.url, ...variables }, timeout: 90_000 },
    );
    return stdout;
  };
  try {
    const appFile = join(dir, "app.mjs");
    await bundle({
      code: `import config from ${config}; console.log(JSON.stringify(await config.app({ stage: ${JSON.stringify(stage)} })));`,
      outfile: appFile,
    });
    const app = { ...(JSON.parse(await start(appFile)) as { name: string }), stage };
    const out = join(dir, "graph.json");
    const programFile = join(dir, "program.mjs");
    await bundle({
      code: [
        `import { run } from ${JSON.stringify(join(platform, "src/auto/run.ts"))};`,
        `import config from ${config};`,
        `import { record } from ${JSON.stringify(join(import.meta.dirname, "program.ts"))};`,
        `await record({ app: ${JSON.stringify(app)}, out: ${JSON.stringify(out)}, start: run, program: config.run });`,
      ].join("\n"),
      outfile: programFile,
      globals: `import * as aws from "@pulumi/aws"; import * as sst from ${JSON.stringify(join(platform, "src/components"))};`,
      define: {
        $app: { removal: "retain", ...app },
        $dev: false,
        $cli: {
          command: "deploy",
          dev: false,
          state: { version: {} },
          paths: { home: dir, root, work: dir, platform },
        },
      },
      inject: [join(platform, "src/shim/run.js")],
    });
    await start(programFile);
    return { ...(JSON.parse(readFileSync(out, "utf8")) as Omit<Graph, "handlers">), handlers: cli.handlers.sort() };
  } finally {
    await cli.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
