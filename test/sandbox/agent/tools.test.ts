import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cloneRepository } from "../../../functions/git/clone.ts";
import { readFiles } from "../../../functions/git/list-tree.ts";
import { openToolbox } from "../../../functions/sandbox/agent/tools/all.ts";
import { type BashOptions, openBash } from "../../../functions/sandbox/agent/tools/bash.ts";
import type { Outcome } from "../../../functions/sandbox/agent/tools/tool.ts";
import { auth, makeOrigin, makeTempDir, startForge } from "../../git/native-git.ts";
import { jsonFrame, lives, startFake, startRunner } from "../harness.ts";

const root = makeTempDir();
makeOrigin(root, "shop", {
  "README.md": "# Shop\n",
  "src/cart.js": "export const total = (items) => items.length;\n",
  "src/tax.js": "export const tax = 0.19;\nexport const free = 0;\n",
  "bin/run": { content: "#!/bin/sh\necho run\n", mode: "100755" },
  ".gitignore": "dist/\n",
});
let clones = 0;
let forge: { url: string } | undefined;

/** The real runner on a real clone, and all the tools that an agent has. */
async function openShop(bash: BashOptions = {}) {
  forge ??= await startForge(root);
  clones += 1;
  const dir = join(root, `clone-${clones}`);
  const repository = await cloneRepository({ dir, url: `${forge.url}/shop`, auth, branch: "main" });
  const { sandbox, workspace, root: place } = await startRunner();
  await sandbox.unpack(readFiles(repository, repository.baseCommit));
  const toolbox = await openToolbox({
    workspace: sandbox,
    repository: () => repository,
    bash: { ...bash, env: { TMPDIR: place, ...bash.env } },
  });
  const use = async (name: string, input: unknown): Promise<Outcome> => {
    const tool = toolbox.tools.find((candidate) => candidate.name === name);
    if (!tool) throw new Error(`no tool ${name}`);
    return tool.use(input, new AbortController().signal);
  };
  return {
    toolbox,
    workspace,
    use,
    bash: async (command: string) => (await use("bash", { command })).text,
    edit: (input: object) => use("str_replace_based_edit_tool", input),
    read: (path: string) => readFileSync(join(workspace, path), "utf8"),
  };
}

describe("the shell", () => {
  it("keeps its directory, variables and functions from one command to the next", async () => {
    const { bash, workspace } = await openShop();
    expect(await bash("pwd")).toBe(`${workspace}\n`);
    await bash("cd src && export WHO='a \"b\" $c' && greet() { echo hello $1; }");
    expect(await bash('pwd; echo "$WHO"; greet you')).toBe(`${workspace}/src\na "b" $c\nhello you\n`);
    await bash("cd ..; unset WHO");
    expect(await bash('echo "[$WHO] $PWD"')).toBe(`[] ${workspace}\n`);
  });

  it("tells both streams, the exit code, and what ended it", async () => {
    const { bash } = await openShop();
    expect(await bash("echo out; echo err >&2; exit 3")).toMatch(/out\n[\s\S]*err\n[\s\S]*\[exit code 3\]$/);
    expect(await bash("printf x; kill -SEGV $$")).toBe("x\n[ended by SIGSEGV]");
    expect(await bash("true")).toBe("(no output)");
    expect(await bash("if then")).toMatch(/syntax error[\s\S]*\[exit code \d+\]/);
    // A shell that has ended is followed by one that goes on from there.
    expect(await bash("export AFTER=1; exit 7")).toBe("[exit code 7]");
    expect(await bash("echo $AFTER")).toBe("1\n");
  });

  it("kills a command that hangs, and everything it has left running, and works again afterwards", async () => {
    const { bash, use } = await openShop({ commandMs: 1_500 });
    await bash("cd src; export KEPT=1");
    const daemon = Number(await bash("sleep 1000 >/dev/null 2>&1 & echo $!"));
    expect(lives(daemon)).toBe(true);
    const hung = await use("bash", { command: "echo begun; cd /; export KEPT=2; cat" });
    // No input is no reason to hang.
    expect(hung.failed).toBe(false);
    const killed = await use("bash", { command: "echo begun; cd /; export KEPT=3; sleep 1000" });
    expect(killed).toMatchObject({
      failed: true,
      text: expect.stringMatching(/^begun\n\[drover: killed after 1\.5 s/),
    });
    expect(lives(daemon)).toBe(false);
    expect(await bash("echo $PWD $KEPT")).toBe("/ 2\n");
  });

  it("leaves what runs in the background alone", async () => {
    const { bash } = await openShop();
    const daemon = Number(await bash("sleep 1000 >/dev/null 2>&1 & echo $!"));
    expect(await bash("echo next")).toBe("next\n");
    expect(lives(daemon)).toBe(true);
  });

  it("is started anew when asked to, with nothing left running", async () => {
    const { bash, use, workspace } = await openShop();
    const daemon = Number(await bash("cd src; export WHO=me; sleep 1000 >/dev/null 2>&1 & echo $!"));
    expect(await use("bash", { restart: true })).toMatchObject({ text: expect.stringMatching(/anew/) });
    expect(lives(daemon)).toBe(false);
    expect(await bash('echo "[$WHO] $PWD"')).toBe(`[] ${workspace}\n`);
  });

  it("goes on from the root where its directory is gone", async () => {
    const { bash, workspace } = await openShop();
    await bash("mkdir gone && cd gone && rmdir ../gone");
    expect(await bash("pwd")).toBe(`[drover: ${workspace}/gone is gone; this runs in ${workspace}]\n${workspace}\n`);
  });

  it("shows the beginning and the end of a long output, and says what is missing", async () => {
    const { bash } = await openShop({ maxOutputBytes: 1_000 });
    const output = await bash("seq 1 10000");
    expect(output.length).toBeLessThan(1_200);
    expect(output).toMatch(/^1\n2\n[\s\S]*\[drover: 47894 bytes were cut out here, of 48894\][\s\S]*9999\n10000\n$/);
  });

  it("refuses a command that Linux could not take, and says what to do instead", async () => {
    const { use } = await openShop();
    const result = await use("bash", { command: `echo ${"x".repeat(150_000)}` });
    expect(result).toMatchObject({ failed: true, text: expect.stringMatching(/Write it to a file/) });
  });

  it("says that the disk is full, which programs rarely do", async () => {
    const result = { exitCode: 1, signal: null, timedOut: false, cancelled: false, diskFull: true };
    const { sandbox } = await startFake((socket) => {
      socket.once("data", () => socket.write(jsonFrame({ kind: "ran", result })));
    });
    const { text } = await openBash(sandbox).use({ command: "make" }, new AbortController().signal);
    expect(text).toMatch(/disk of the sandbox is full[\s\S]*\[exit code 1\]$/);
  });

  it("has the variables that the sandbox gives to commands, and none of drover's", async () => {
    const { bash } = await openShop({ env: { npm_config_registry: "http://packages.test" } });
    expect(await bash("echo $npm_config_registry")).toBe("http://packages.test\n");
    expect(await bash("env")).not.toMatch(/DROVER|ANTHROPIC|SECRET/);
  });
});

describe("the editor", () => {
  it("shows a file with its line numbers, or a part of it", async () => {
    const { edit, workspace } = await openShop();
    expect(await edit({ command: "view", path: "src/tax.js" })).toEqual({
      text: "     1\texport const tax = 0.19;\n     2\texport const free = 0;",
    });
    const absolute = { command: "view", path: `${workspace}/src/tax.js`, view_range: [2, -1] };
    expect(await edit(absolute)).toEqual({ text: "     2\texport const free = 0;" });
    expect(await edit({ command: "view", path: "src/tax.js", view_range: [3, 9] })).toMatchObject({
      failed: true,
      text: expect.stringMatching(/has 2 lines/),
    });
  });

  it("shows a directory, without what is noise", async () => {
    const { bash, edit } = await openShop();
    await bash("mkdir -p node_modules/x && touch node_modules/x/index.js");
    expect((await edit({ command: "view", path: "." })).text.split("\n")).toEqual([
      ".gitignore",
      "README.md",
      "bin/",
      "bin/run",
      "src/",
      "src/cart.js",
      "src/tax.js",
    ]);
  });

  it("creates files with the directories above them, and replaces what is there", async () => {
    const { edit, read } = await openShop();
    expect((await edit({ command: "create", path: "a/b/c.txt", file_text: "one\ntwo" })).text).toMatch(
      /Created.*2 lines/,
    );
    expect(read("a/b/c.txt")).toBe("one\ntwo");
    expect((await edit({ command: "create", path: "a/b/c.txt", file_text: "" })).text).toMatch(/Replaced/);
    expect(read("a/b/c.txt")).toBe("");
  });

  it("replaces an exact match, and keeps the rest and the mode as they were", async () => {
    const { edit, read, workspace } = await openShop();
    const change = { command: "str_replace", path: "bin/run", old_str: "echo run", new_str: "echo $& ok" };
    expect((await edit(change)).text).toMatch(/2\techo \$& ok/);
    expect(read("bin/run")).toBe("#!/bin/sh\necho $& ok\n");
    expect(statSync(join(workspace, "bin/run")).mode & 0o111).not.toBe(0);
    await edit({ command: "str_replace", path: "bin/run", old_str: "#!/bin/sh\n" });
    expect(read("bin/run")).toBe("echo $& ok\n");
  });

  it("changes nothing where the words are not there once", async () => {
    const { edit, read } = await openShop();
    const before = read("src/tax.js");
    for (const [old_str, message] of [
      ["export const free = 1;", /does not occur in src\/tax\.js/],
      ["export const", /occurs 2 times in src\/tax\.js, at lines 1, 2/],
    ]) {
      const result = await edit({ command: "str_replace", path: "src/tax.js", old_str, new_str: "x" });
      expect(result).toMatchObject({ failed: true, text: expect.stringMatching(message as RegExp) });
    }
    expect(read("src/tax.js")).toBe(before);
  });

  it("says so where the lines end otherwise", async () => {
    const { edit, workspace } = await openShop();
    writeFileSync(join(workspace, "dos.txt"), "one\r\ntwo\r\n");
    const result = await edit({ command: "str_replace", path: "dos.txt", old_str: "one\ntwo", new_str: "x" });
    expect(result.text).toMatch(/CR LF/);
  });

  it("inserts behind a line, also before the first and behind the last", async () => {
    const { edit, read } = await openShop();
    const insert = { command: "insert", path: "src/tax.js" };
    await edit({ ...insert, insert_line: 0, insert_text: "zero" });
    await edit({ ...insert, insert_line: 2, insert_text: "two\n" });
    await edit({ ...insert, insert_line: 4, new_str: "end" });
    expect(read("src/tax.js")).toBe("zero\nexport const tax = 0.19;\ntwo\nexport const free = 0;\nend");
    await edit({ ...insert, insert_line: 5, insert_text: "more" });
    expect(read("src/tax.js")).toMatch(/\nend\nmore$/);
  });

  it("refuses a line that is not there, and a file that is not", async () => {
    const { edit } = await openShop();
    const insert = { command: "insert", insert_line: 3, insert_text: "x" };
    expect(await edit({ ...insert, path: "src/tax.js" })).toMatchObject({ failed: true });
    expect(await edit({ ...insert, path: "src/nothing.js" })).toMatchObject({ failed: true });
    expect(await edit({ command: "view", path: "src/nothing.js" })).toMatchObject({ failed: true });
  });

  it("does not reach what lies outside", async () => {
    const { edit } = await openShop();
    for (const path of ["/etc/passwd", "../outside", "src/../../outside", "/"]) {
      for (const wish of [{ command: "view" }, { command: "create", file_text: "x" }]) {
        const result = await edit({ ...wish, path });
        expect(result).toMatchObject({ failed: true, text: expect.stringMatching(/outside of the repository/) });
      }
    }
  });

  it("follows a link within the repository, and none that leads out", async () => {
    const { edit, read, workspace } = await openShop();
    symlinkSync("src/tax.js", join(workspace, "link.js"));
    symlinkSync("/etc", join(workspace, "etc"));
    await edit({ command: "str_replace", path: "link.js", old_str: "0.19", new_str: "0.2" });
    expect(read("src/tax.js")).toMatch(/0\.2;/);
    expect(readlinkSync(join(workspace, "link.js"))).toBe("src/tax.js");
    expect(await edit({ command: "view", path: "etc/passwd" })).toMatchObject({ failed: true });
    expect(await edit({ command: "create", path: "etc/drover-test", file_text: "x" })).toMatchObject({ failed: true });
    expect(existsSync("/etc/drover-test")).toBe(false);
  });

  it("writes no .git, and reads nothing that is not text or too large", async () => {
    const { bash, edit } = await openShop();
    expect(
      await edit({ command: "create", path: ".git/config", file_text: "x" }).catch((error) => error),
    ).toMatchObject({
      code: "failed",
    });
    await bash("printf 'a\\0b' > binary; head -c 3000000 /dev/zero | tr '\\0' x > large; mkfifo pipe");
    expect(await edit({ command: "view", path: "binary" })).toMatchObject({ text: expect.stringMatching(/not text/) });
    expect(await edit({ command: "view", path: "large" })).toMatchObject({
      text: expect.stringMatching(/larger than/),
    });
    expect(await edit({ command: "view", path: "pipe" })).toMatchObject({
      text: expect.stringMatching(/no ordinary file/),
    });
  });

  it("cuts a file that is long, and lines that are", async () => {
    const { bash, edit } = await openShop();
    await bash("seq 1 20000 > long; printf 'x%.0s' $(seq 2000) > wide");
    const long = (await edit({ command: "view", path: "long" })).text;
    expect(long.length).toBeLessThan(61_000);
    expect(long).toMatch(/cut after 60000 characters; view the rest of the 20000 lines with view_range/);
    expect((await edit({ command: "view", path: "wide" })).text).toMatch(/… \[\d+ characters cut\]$/);
  });
});

describe("searching and listing", () => {
  it("finds lines with their places, and takes a glob, a path and case into account", async () => {
    const { use } = await openShop();
    const found = async (input: object) => (await use("search", input)).text.split("\n").sort();
    expect(await found({ pattern: "export const (tax|total)" })).toEqual([
      "src/cart.js:1:export const total = (items) => items.length;",
      "src/tax.js:1:export const tax = 0.19;",
    ]);
    expect(await found({ pattern: "SHOP", ignoreCase: true, glob: "*.md" })).toEqual(["README.md:1:# Shop"]);
    expect(await found({ pattern: "export", path: "src/tax.js" })).toHaveLength(2);
    expect(await found({ pattern: "-e nothing" })).toEqual(["Nothing matches."]);
  });

  it("says what is wrong with a pattern or a path", async () => {
    const { use, workspace } = await openShop();
    symlinkSync("/etc", join(workspace, "etc"));
    expect(await use("search", { pattern: "root", path: "etc" })).toMatchObject({ failed: true });
    expect(await use("list_files", { path: "etc" })).toMatchObject({ failed: true });
    expect(await use("search", { pattern: "a(b" })).toMatchObject({
      failed: true,
      text: expect.stringMatching(/a\(b/),
    });
    expect(await use("search", { pattern: "x", path: "/etc" })).toMatchObject({ failed: true });
    expect(await use("list_files", { path: "nowhere" })).toMatchObject({ failed: true });
  });

  it("stops at a number of matches, and says so", async () => {
    const { bash, use } = await openShop();
    await bash("for i in $(seq 10); do seq 1 100 > n$i.txt; done");
    const { text } = await use("search", { pattern: "^[0-9]" });
    expect(text.split("\n")).toHaveLength(201);
    expect(text).toMatch(/only the first 200 matches/);
  });

  it("lists by depth and name", async () => {
    const { use } = await openShop();
    expect((await use("list_files", { depth: 1 })).text.split("\n")).toEqual([
      ".gitignore",
      "README.md",
      "bin/",
      "src/",
    ]);
    expect((await use("list_files", { path: "src", glob: "t*.js" })).text).toBe("tax.js");
  });
});

describe("what has changed", () => {
  it("is nothing at first, and then what git would say", async () => {
    const { bash, edit, use } = await openShop();
    expect(await use("changes", { show: "status" })).toEqual({ text: "Nothing has changed." });
    await bash("rm README.md; mkdir dist; touch dist/ignored; printf 'ü\\n' > 'naïve.txt'");
    await edit({ command: "str_replace", path: "src/tax.js", old_str: "0.19", new_str: "0.2" });
    expect(await use("changes", { show: "status" })).toEqual({ text: "D README.md\nA naïve.txt\nM src/tax.js" });
    const { text } = await use("changes", { show: "diff" });
    expect(text).toMatch(
      /deleted file[\s\S]*na\\303\\257ve\.txt[\s\S]*\+ü\n[\s\S]*-export const tax = 0\.19;\n\+export const tax = 0\.2;/,
    );
    expect((await use("changes", { show: "diff", path: "src" })).text).toMatch(/^diff --git a\/src\/tax\.js[^\0]*$/);
  });

  it("is looked at by the supervisor alone: the agent's own git would find nothing", async () => {
    const { bash, workspace } = await openShop();
    mkdirSync(join(workspace, "elsewhere"));
    expect(existsSync(join(workspace, ".git"))).toBe(false);
    expect(await bash("ls -a | grep -c '^.git$'")).toMatch(/^0/);
  });
});
