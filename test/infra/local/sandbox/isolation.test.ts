// Does the probe tell the truth, and does the installer change nothing it may not?
import { execFile } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { installBubblewrap } from "../../../../infra/local/sandbox/install.ts";
import { probeIsolation } from "../../../../infra/local/sandbox/isolation.ts";
import { isRoot, makeDirectory, ordinaryUid, titleOf, whySkipped } from "./support.ts";

const run = promisify(execFile);
const source = join(import.meta.dirname, "../../../../infra/local/sandbox/isolation.ts");

afterEach(() => vi.unstubAllEnvs());

function makeProgram(name: string, script: string): string {
  const directory = makeDirectory();
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
  return directory;
}

describe(titleOf("the probe"), () => {
  it.skipIf(whySkipped)("finds that this machine confines (in CI it must)", async () => {
    const found = await probeIsolation();
    expect(found).toMatchObject({ kind: "confined", bubblewrapVersion: expect.stringMatching(/^\d+\.\d+/) });
  });

  it.skipIf(whySkipped || !isRoot)("finds the same as an ordinary user", async () => {
    const code = `import(${JSON.stringify(source)}).then(async (m) => console.log(JSON.stringify(await m.probeIsolation())))`;
    const { stdout } = await run(process.execPath, ["-e", code], { uid: ordinaryUid, gid: ordinaryUid, cwd: "/" });
    expect(JSON.parse(stdout)).toMatchObject({ kind: "confined" });
  });

  it.skipIf(process.platform !== "linux")("reports in bubblewrap's words what it does not know", async () => {
    const directory = makeProgram("bwrap", "echo 'bwrap: the moon is full' >&2; exit 1");
    vi.stubEnv("PATH", `${directory}:${process.env.PATH}`);
    const found = await probeIsolation();
    expect(found).toMatchObject({ kind: "impossible", cause: expect.stringContaining("the moon is full") });
  });

  it.skipIf(process.platform !== "linux")("does not believe a bubblewrap that confines nothing", async () => {
    const directory = makeProgram(
      "bwrap",
      'while [ "$1" != -- ]; do shift; done; shift; "$@"; echo "{ \\"exit-code\\": 0 }" >&4',
    );
    vi.stubEnv("PATH", `${directory}:${process.env.PATH}`);
    expect(await probeIsolation()).toMatchObject({
      kind: "impossible",
      cause: expect.stringContaining("does not hold"),
    });
  });
});

describe("the installer", () => {
  it("leaves a machine alone that has bubblewrap", async () => {
    expect(await installBubblewrap(() => "/somewhere/bwrap")).toEqual({ kind: "present" });
  });

  it("names the command where there is no apt-get", async () => {
    const found = await installBubblewrap(() => undefined);
    expect(found).toMatchObject({ kind: "not_installed", command: expect.stringContaining("bubblewrap") });
  });

  it.skipIf(!isRoot)("runs apt-get as root, announces it, and believes only what is there afterwards", async () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const directory = makeProgram(
      "apt-get",
      'echo "$@" >> "$(dirname "$0")/calls"; [ "$1" != install ] || : > "$(dirname "$0")/bwrap"',
    );
    const find = (name: string) => [join(directory, name)].find((path) => existsSync(path));
    expect(await installBubblewrap(find)).toEqual({ kind: "installed" });
    expect(said.mock.calls.flat().join("")).toMatch(/^drover: installing bubblewrap with apt-get.*\n$/);
    said.mockRestore();
  });

  it.skipIf(!isRoot)("says in apt-get's words why it failed", async () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const directory = makeProgram("apt-get", "echo 'E: Unable to locate package bubblewrap' >&2; exit 100");
    const find = (name: string) => [join(directory, name)].find((path) => existsSync(path));
    const found = await installBubblewrap(find);
    expect(found).toMatchObject({ kind: "not_installed", reason: expect.stringContaining("E: Unable to locate") });
    said.mockRestore();
  });
});
