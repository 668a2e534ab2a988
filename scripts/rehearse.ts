// `npm run rehearse`: `sst diff` by the real CLI, which bundles the functions as a deploy does. Only Pulumi's engine is a stand-in,
// which runs the program on mocks. `--keep` leaves the copy in which it happens, with what was built.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cliSwitches, openEsbuild, platform, root, sstCli } from "./sst-platform.ts";

const stage = "rehearsal";
const { values } = parseArgs({ options: { keep: { type: "boolean" } } });

interface Report {
  resources: number;
  built: { handler: string; out: string; errors: string[] }[];
}

/** The CLI writes into its project, so it gets one of its own. */
function copyProject(dir: string): void {
  for (const name of ["functions", "infra", "stacks", "clients", "package.json", "tsconfig.json"]) {
    cpSync(join(root, name), join(dir, name), { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  }
  mkdirSync(join(dir, "clients/dashboard/dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  mkdirSync(join(dir, ".sst/platform"), { recursive: true });
  for (const name of readdirSync(platform)) {
    if (name.startsWith("synth-")) continue;
    const [from, to] = [join(platform, name), join(dir, ".sst/platform", name)];
    if (name === "node_modules") symlinkSync(from, to);
    else cpSync(from, to, { recursive: true });
  }
}

/** State in a file, and the provider under a name that the CLI does not know: it asks AWS for nothing then. */
function moveHome(dir: string): void {
  const lock = JSON.parse(readFileSync(join(root, ".sst/provider-lock.json"), "utf8")) as { version: string }[];
  const version = lock[0]?.version;
  cpSync(join(root, "sst.config.ts"), join(dir, "deployed.config.ts"));
  const provider = { name: "rehearsal", package: "@pulumi/aws", version, alias: "aws" };
  writeFileSync(join(dir, ".sst/provider-lock.json"), JSON.stringify([provider]));
  const providers = { rehearsal: { package: "@pulumi/aws", version } };
  writeFileSync(
    join(dir, "sst.config.ts"),
    `const deployed = async () => (await import("./deployed.config.ts")).default;
export default $config({
  async app(input) { return { ...(await (await deployed()).app(input)), home: "local", providers: ${JSON.stringify(providers)} }; },
  async run() { return (await deployed()).run(); },
});
`,
  );
}

/** What the CLI takes for Pulumi: it answers for its version and its state, and runs the program for anything else. */
function placeEngine(dir: string): string {
  const { buildSync } = openEsbuild<{ buildSync(options: object): void }>();
  // Beside the packages that it imports.
  const program = join(dir, ".sst/platform/engine.mjs");
  buildSync({
    entryPoints: [join(root, "scripts/synth/engine.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["@pulumi/*"],
    logLevel: "error",
  });
  const bin = join(dir, "config/sst/bin");
  mkdirSync(bin, { recursive: true });
  const checkpoint = {
    version: 3,
    checkpoint: {
      stack: `organization/drover/${stage}`,
      latest: { manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "v3.215.0" }, resources: [] },
    },
  };
  writeFileSync(
    join(bin, "pulumi"),
    `#!/bin/sh
case "$1" in
  version) echo v3.215.0 ;;
  stack) mkdir -p .pulumi/stacks/drover && echo '${JSON.stringify(checkpoint)}' > .pulumi/stacks/drover/${stage}.json ;;
  *) PROGRAM=$(sed -n 's/^main: //p' Pulumi.yaml) REPORT='${join(dir, "report.json")}' exec '${process.execPath}' --no-warnings '${program}' ;;
esac
`,
    { mode: 0o755 },
  );
  return join(dir, "config");
}

function rehearse(dir: string): Report {
  copyProject(dir);
  moveHome(dir);
  const config = placeEngine(dir);
  const { stdout, stderr } = spawnSync(sstCli, ["diff", "--stage", stage], {
    cwd: dir,
    env: {
      PATH: process.env.PATH,
      HOME: dir,
      XDG_CONFIG_HOME: config,
      ...cliSwitches,
      SST_NO_BUN: "1",
      DROVER_SANDBOX_IMAGE: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/drover-sandbox@sha256:${"a".repeat(64)}`,
    },
    encoding: "utf8",
    timeout: 180_000,
  });
  const report = join(dir, "report.json");
  if (existsSync(report)) return JSON.parse(readFileSync(report, "utf8")) as Report;
  const logs = ["pulumi.log", "pulumi.err.log"].map((name) => join(dir, ".sst/log", name)).filter(existsSync);
  throw new Error([stdout, stderr, ...logs.map((path) => readFileSync(path, "utf8"))].join("\n"));
}

const dir = mkdtempSync(join(tmpdir(), "drover-rehearsal-"));
try {
  const { resources, built } = rehearse(dir);
  const failed = built.filter(({ errors }) => errors.length > 0);
  for (const { handler, errors } of failed) console.error(`${handler} was not built: ${errors.join("; ")}`);
  if (failed.length > 0) process.exitCode = 1;
  const sizeOf = (out: string) => Math.round(readFileSync(join(out, "bundle.mjs")).length / 1024);
  for (const { handler, out, errors } of built) if (errors.length === 0) console.log(`${handler}: ${sizeOf(out)} KB`);
  console.log(`${resources} resources; ${built.length} functions built by the CLI`);
} finally {
  if (values.keep) console.log(`kept: ${dir}`);
  else rmSync(dir, { recursive: true, force: true });
}
