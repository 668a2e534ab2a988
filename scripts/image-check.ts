// `npm run image:check`: builds the image of the sandbox without a Docker engine, and runs tasks in it. `--twice` also
// tells whether the same files make the same image, `--pull` takes the pinned base instead of one that is made here.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findProgram } from "../infra/local/sandbox/find-program.ts";
import { findNpmPackage } from "../infra/local/sandbox/npm.ts";

const { values } = parseArgs({ options: { twice: { type: "boolean" }, pull: { type: "boolean" } } });
const checkout = resolve(import.meta.dirname, "..");
const home = join(checkout, ".drover", "image-check");
const packages = ["buildah", "runc", "mmdebstrap", "tini"] as const;
const programs = ["buildah", "runc", "mmdebstrap", "tini-static"];
const base = `localhost/drover-check-base:${process.versions.node}`;
const built = "localhost/drover-sandbox:check";
const go = "localhost/drover-check-go:1";
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const certificates = "/etc/ssl/certs";
/** Any, as long as two builds have the same. */
const someTime = "1700000000";

const buildah = (...args: string[]) => {
  const driver = process.env.STORAGE_DRIVER ?? "overlay";
  const place = ["--root", join(home, "store"), "--runroot", join(home, "run"), "--storage-driver", driver];
  return execFileSync("buildah", [...place, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
};

function main(): void {
  const missing = programs.filter((program) => !findProgram(program));
  if (process.getuid?.() !== 0 || missing.length > 0) {
    throw new Error(
      `the image is checked as root on Debian or the like, with all of: apt-get install ${packages.join(" ")}. ${
        missing.length > 0 ? `Missing: ${missing.join(", ")}.` : "You are not root."
      }`,
    );
  }
  mkdirSync(home, { recursive: true });
  if (!values.pull) ensureBase();
  say("building");
  const id = build();
  if (values.twice) {
    say("building once more");
    const again = build();
    if (again !== id) throw new Error(`the same files have made two images, ${id} and ${again}`);
    say(`twice the same image: ${id}`);
  }
  inside(built, showPackages);
  say("running tasks in it");
  inside(built, runTasks);
  say("making images of one's own from it");
  inside(buildExample("python"), (rootfs) => {
    const ids = asAgent(rootfs, ["python3", "-c", "import os, pytest, venv; print(os.getresuid(), end='')"]);
    say(`Python runs there as ${ids}`);
  });
  if (!values.pull) ensureGo();
  inside(buildExample("go", ...(values.pull ? [] : ["--build-arg", `GO_IMAGE=${go}`])), (rootfs) => {
    writeFileSync(
      join(rootfs, "srv/main.go"),
      `package main\nimport ("fmt"; "os")\nfunc main() { fmt.Print(os.Getuid()) }\n`,
    );
    say(`Go compiles there, and what it made runs as ${asAgent(rootfs, ["go", "run", "/srv/main.go"])}`);
  });
}

/** What `look` leaves behind in the image's files is nobody else's. */
function inside(image: string, look: (rootfs: string) => void): void {
  const container = buildah("from", "--pull-never", image);
  try {
    look(buildah("mount", container));
  } finally {
    buildah("rm", container);
  }
}

function runTasks(rootfs: string): void {
  const vitest = join(checkout, "node_modules/vitest/vitest.mjs");
  const env = { ...process.env, DROVER_IMAGE_ROOT: rootfs };
  execFileSync(process.execPath, [vitest, "run", "test/image"], { cwd: checkout, env, stdio: "inherit" });
}

function buildExample(language: "python" | "go", ...args: string[]): string {
  const own = `${built}-${language}`;
  const file = `examples/own-image/${language}/Dockerfile`;
  const options = ["--isolation", "chroot", "--layers=false", "--quiet", "--file", file, "--tag", own, ...args];
  const pull = values.pull ? [] : ["--pull-never"];
  buildah("build", ...options, ...pull, "--build-arg", `SANDBOX_IMAGE=${built}`, checkout);
  return own;
}

/** As commands of an agent run: in its home, with its environment. */
function asAgent(rootfs: string, command: string[]): string {
  const toRunner = ["setpriv", "--reuid", "1001", "--regid", "1001", "--clear-groups", "--bounding-set=-all"];
  const toAgent = ["/opt/drover/bin/as-agent", "--reuid", "1000", "--regid", "1000", "--keep-groups"];
  const env = [
    "env",
    "-i",
    `PATH=/usr/local/go/bin:${path}`,
    "HOME=/home/agent",
    "GOROOT=/usr/local/go",
    "CGO_ENABLED=0",
  ];
  return execFileSync("chroot", [rootfs, ...toRunner, ...toAgent, ...env, ...command], { encoding: "utf8" });
}

/** Debian's Go, where the pinned image of Go has its own. */
function ensureGo(): void {
  if (findImage(go) !== "") return;
  say("making a stand-in for Go's image");
  const container = buildah("from", "--pull-never", base);
  const install = "apt-get update -q && apt-get install -qy --no-install-recommends golang-go";
  buildah("run", "--isolation", "chroot", container, "sh", "-c", `${install} && cp -rL /usr/lib/go /usr/local/go`);
  buildah("commit", "--quiet", "--rm", container, go);
}

function build(): string {
  buildah(
    ...["build", "--isolation", "chroot", "--layers=false", "--quiet", "--timestamp", someTime],
    ...["--file", "functions/sandbox/image/Dockerfile"],
    ...[
      "--ignorefile",
      "functions/sandbox/image/Dockerfile.dockerignore",
      "--volume",
      `${certificates}:${certificates}:ro`,
    ],
    ...(values.pull ? [] : ["--pull-never", "--build-arg", `NODE_IMAGE=${base}`]),
    ...["--tag", built, checkout],
  );
  return findImage(built);
}

/** `buildah images` with a name fails where there is no such image. */
const findImage = (name: string) => buildah("images", "--quiet", "--no-trunc", "--filter", `reference=${name}`);

/** What the pinned base consists of, as far as it matters: Debian, node, npm, and a user of that name. */
function ensureBase(): void {
  if (findImage(base) !== "") return;
  say(`making a base with node ${process.versions.node}`);
  const tar = join(home, "base.tar");
  const npm = findNpmPackage();
  if (!npm) throw new Error("npm's own package is not found, so the base cannot have it");
  execFileSync("mmdebstrap", ["--variant=minbase", "--include=ca-certificates", "bookworm", tar], { stdio: "inherit" });
  const container = buildah("from", "scratch");
  buildah("add", container, tar, "/");
  buildah("copy", "--chmod", "755", container, process.execPath, "/usr/local/bin/node");
  buildah("copy", container, npm, "/usr/local/lib/node_modules/npm");
  const root = buildah("mount", container);
  for (const name of ["npm", "npx"]) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name));
  }
  writeFileSync(join(root, "etc/passwd"), "node:x:1000:1000::/home/node:/bin/bash\n", { flag: "a" });
  writeFileSync(join(root, "etc/group"), "node:x:1000:\n", { flag: "a" });
  // Where this machine's packages come from.
  const registry = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  mkdirSync(join(root, "usr/local/etc"), { recursive: true });
  const lines = [`registry=${registry}`, `cafile=${certificates}/ca-certificates.crt`, ""];
  writeFileSync(join(root, "usr/local/etc/npmrc"), lines.join("\n"));
  buildah("umount", container);
  buildah("config", "--env", `PATH=${path}`, container);
  buildah("commit", "--quiet", "--rm", container, base);
  if (existsSync(tar)) rmSync(tar);
}

/** That npm can name what is in the image, in the form that others read. */
function showPackages(rootfs: string): void {
  const command = [rootfs, "npm", "--prefix", "/opt/drover", "sbom", "--sbom-format", "cyclonedx"];
  const { components } = JSON.parse(execFileSync("chroot", command, { encoding: "utf8" }));
  say(`${components.length} packages of npm in it`);
}

const say = (line: string) => console.log(`image:check: ${line}`);

try {
  main();
} catch (error) {
  console.error(`image:check: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
