// `npm run build:functions`: what would be uploaded to Lambda? One folder a function, bundled as SST does it, to be run and measured here.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundling, entryPoints, type FunctionName } from "../infra/aws/entry-points.ts";
import { openEsbuild, root } from "./sst-platform.ts";

const functionsDir = join(root, ".drover/functions");
const names = Object.keys(entryPoints) as FunctionName[];

interface Metafile {
  inputs: Record<string, object>;
  outputs: Record<string, { imports: { path: string; external?: boolean }[] }>;
}

interface Esbuild {
  build(options: object): Promise<{ metafile: Metafile }>;
}

/** Some packages are CommonJS, and ask for their modules when they run. */
const requireShim =
  'import { createRequire as topLevelCreateRequire } from "module";const require = topLevelCreateRequire(import.meta.url);';

/** What is in the bundles, our own files and packages', and what they expect to find where they run. */
export interface Content {
  inputs: string[];
  externals: string[];
}

/** Each entry into a file of its name, with the pieces that it shares with others or loads later beside it. */
export async function bundle(
  entryPoints: Record<string, string>,
  outdir: string,
  external: readonly string[] = [],
): Promise<Content> {
  const { metafile } = await openEsbuild<Esbuild>().build({
    entryPoints,
    absWorkingDir: root,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "esnext",
    mainFields: ["module", "main"],
    keepNames: true,
    metafile: true,
    // What it knows of the language is older than our target.
    tsconfigRaw: "{}",
    logLevel: "warning",
    banner: { js: requireShim },
    ...bundling,
    external,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const externals = new Set(imports.filter(({ external }) => external).map(({ path }) => path));
  return { inputs: Object.keys(metafile.inputs), externals: [...externals] };
}

/** Each in a folder of its own, as it is uploaded. */
export async function buildFunctions(): Promise<Map<FunctionName, string>> {
  rmSync(functionsDir, { recursive: true, force: true });
  const files = new Map<FunctionName, string>();
  for (const name of names) {
    await bundle({ bundle: entryPoints[name].file }, join(functionsDir, name));
    files.set(name, join(functionsDir, name, "bundle.mjs"));
  }
  return files;
}

/** The same code in one folder, in a tenth of the time: what several of them load is there once. */
export async function buildTogether(outdir: string): Promise<Content> {
  return bundle(Object.fromEntries(names.map((name) => [name, entryPoints[name].file])), outdir);
}

if (import.meta.main) {
  for (const [name, file] of await buildFunctions()) console.log(`${name}: ${file}`);
}
