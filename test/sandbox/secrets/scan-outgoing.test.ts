import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cloneRepository } from "../../../functions/git/clone.ts";
import { commitChanges } from "../../../functions/git/commit-changes.ts";
import type { Repository } from "../../../functions/git/objects.ts";
import type { TreeFile } from "../../../functions/git/tree.ts";
import { describeFinding, explainToAgent, summarizeFindings } from "../../../functions/sandbox/secrets/findings.ts";
import { scanLimits, scanOutgoing } from "../../../functions/sandbox/secrets/scan-outgoing.ts";
import { openScanner } from "../../../functions/sandbox/secrets/scanner.ts";
import { auth, git, makeOrigin, makeTempDir, startForge } from "../../git/native-git.ts";
import { plant } from "./planted.ts";

const root = makeTempDir();
const old = plant("database url");
const one = plant("github personal token");
const two = plant("anthropic oauth token");
let repository: Repository;
let base: string;

beforeAll(async () => {
  const forge = await startForge(root);
  makeOrigin(root, "repo", {
    "README.md": "# R\n",
    "old.env": old.text,
    "dir/a": "a\n",
    link: { content: "dir/a", mode: "120000" },
  });
  repository = await cloneRepository({ dir: join(root, "clone"), url: `${forge.url}/repo`, auth, branch: "main" });
  base = repository.baseCommit;
});

const file = (path: string, content: string | Buffer, mode: TreeFile["mode"] = "100644"): TreeFile => ({
  path,
  mode,
  content: Buffer.from(content),
});

function commit(
  changed: TreeFile[],
  deleted: string[] = [],
  { parent = base, message = "Work" } = {},
): Promise<string> {
  const author = { name: "A", email: "a@b.test" };
  return commitChanges(repository, { parent, changed, deleted, message, author, timestamp: 1 });
}

const scan = (tip: string, allowed: string[] = [], limits = scanLimits, from = base) =>
  scanOutgoing(repository, { base: from, commit: tip, allowed }, limits);

/** Where something was found; never with the secret itself, in whatever form it is told. */
async function placesIn(tip: string, secrets = [one, two, old]): Promise<string[]> {
  const outcome = await scan(tip);
  if (outcome.kind === "clean") return [];
  const told = [JSON.stringify(outcome), summarizeFindings(outcome.findings), explainToAgent(outcome.findings)].join(
    "\n",
  );
  for (const { secret } of secrets) expect(told).not.toContain(secret.slice(-10));
  return outcome.findings.map(({ path, line, rule }) => `${path}${line === undefined ? "" : `:${line}`} ${rule}`);
}

describe("a commit with a secret does not pass, when it stands", () => {
  it("in a new file and in a changed one", async () => {
    const tip = await commit([file("src/new.ts", `// x\n${one.text}`), file("README.md", `# R\n\n${two.text}`)]);
    expect((await placesIn(tip)).sort()).toEqual(["README.md:3 anthropic", "src/new.ts:2 github"]);
  });

  it("in the target of a link", async () => {
    const tip = await commit([file("link", `/run/${one.secret}`, "120000")]);
    expect(await placesIn(tip)).toEqual(["link:1 github"]);
  });

  it("in a path, which is then not shown", async () => {
    const tip = await commit([file(`keys/${one.secret}/key.txt`, "nothing\n")]);
    expect(await placesIn(tip)).toEqual(["keys/***/key.txt github"]);
  });

  it("in a path and in what the file holds", async () => {
    const tip = await commit([file(`${one.secret}.txt`, two.text)]);
    expect(await placesIn(tip)).toEqual(["***.txt github", "***.txt:1 anthropic"]);
  });

  it("in the message", async () => {
    const tip = await commit([file("x", "x\n")], [], { message: `Title\n\nuse ${one.secret}` });
    expect(await placesIn(tip)).toEqual([`commit message of ${tip.slice(0, 12)}:3 github`]);
  });

  it("in a file that was renamed or copied: the same secret at a new place is news", async () => {
    expect(await placesIn(await commit([file("new.env", old.text)], ["old.env"]))).toEqual(["new.env:1 url-password"]);
    expect(await placesIn(await commit([file("copy.env", old.text)]))).toEqual(["copy.env:1 url-password"]);
  });

  it("in a commit whose next one takes it away again, and once more when it comes back", async () => {
    const added = await commit([file("x.ts", one.text)]);
    const removed = await commit([], ["x.ts"], { parent: added });
    expect(await placesIn(removed)).toEqual(["x.ts:1 github"]);
    const changed = await commit([file("x.ts", `\n\n${one.text}`)], [], { parent: removed });
    expect((await placesIn(changed)).sort()).toEqual(["x.ts:1 github", "x.ts:3 github"]);
  });

  it("in a secret's old file, beside it", async () => {
    const tip = await commit([file("old.env", old.text + one.text)]);
    expect(await placesIn(tip)).toEqual(["old.env:2 github"]);
  });
});

describe("a commit passes", () => {
  it("with what is no secret, and says how much was looked at", async () => {
    const tip = await commit([file("x.ts", "export {};\n"), file("y/z.bin", Buffer.from([0, 1, 2]))]);
    expect(await scan(tip)).toEqual({ kind: "clean", files: 2, bytes: 14 });
    expect(await scan(base)).toEqual({ kind: "clean", files: 0, bytes: 0 });
  });

  it("with secrets that the base has in the same file: changed around it, deleted, or back again", async () => {
    const changed = await commit([file("old.env", `# moved\n${old.text}PORT=1\n`)]);
    const deleted = await commit([], ["old.env"], { parent: changed });
    const back = await commit([file("old.env", old.text)], [], { parent: deleted });
    for (const tip of [changed, deleted, back]) expect(await placesIn(tip)).toEqual([]);
  });

  it("when the base branch allows the fingerprint, of a text as of a file that cannot be scanned", async () => {
    const tip = await commit([file("x.ts", one.text), file(`${two.secret}`, "x")]);
    const outcome = await scan(tip, []);
    const fingerprints = outcome.kind === "found" ? outcome.findings.map(({ fingerprint }) => fingerprint) : [];
    expect(fingerprints).toHaveLength(2);
    expect(await scan(tip, fingerprints)).toMatchObject({ kind: "clean" });
    expect(await scan(tip, fingerprints.slice(1))).toMatchObject({ kind: "found", findings: { length: 1 } });

    const large = await commit([file("large", "x".repeat(2_000))]);
    const limits = { ...scanLimits, maxBytes: 1_000 };
    const refused = await scan(large, [], limits);
    const allowed = refused.kind === "found" ? refused.findings.map(({ fingerprint }) => fingerprint) : [];
    expect(await scan(large, allowed, limits)).toMatchObject({ kind: "clean" });
  });

  it("when it merges a newer base: what others have pushed is not the agent's, what it adds in the merge is", async () => {
    const theirs = await commit([file("theirs.env", one.text)]);
    const ours = await commit([file("ours.ts", "export {};\n")]);
    const merge = async (...extra: TreeFile[]) => {
      const tree = await commit([file("theirs.env", one.text), ...extra], [], { parent: ours });
      return git(repository.gitDir, ["commit-tree", `${tree}^{tree}`, "-p", ours, "-p", theirs], "Merge").trim();
    };
    expect(await scan(await merge(), [], scanLimits, theirs)).toMatchObject({ kind: "clean", files: 1 });
    const evil = await scan(await merge(file("evil.ts", two.text)), [], scanLimits, theirs);
    expect(evil).toMatchObject({ kind: "found", findings: [{ path: "evil.ts", rule: "anthropic" }] });
    expect(await scan(await merge())).toMatchObject({ kind: "found", findings: [{ path: "theirs.env" }] });
  });
});

describe("what cannot be scanned is not clean:", () => {
  const expectUnscannable = async (tip: string, limits: Partial<typeof scanLimits>, why: RegExp) => {
    const outcome = await scan(tip, [], { ...scanLimits, ...limits });
    const findings = outcome.kind === "found" ? outcome.findings : [];
    expect(findings).toContainEqual(
      expect.objectContaining({ path: "big.txt", rule: "unscannable", hint: "", why: expect.stringMatching(why) }),
    );
  };

  it("a file that is too large", async () => {
    await expectUnscannable(
      await commit([file("big.txt", "x".repeat(2_000))]),
      { maxBytes: 1_000 },
      /larger than 1000/,
    );
  });

  it("a file made to keep the library busy", async () => {
    const tip = await commit([file("big.txt", ["gh", "s_1_"].join("").repeat(5_000_000))]);
    await expectUnscannable(tip, { fileMs: 3_000 }, /took longer than 3000 ms/);
  });

  it("a file that takes the scanner's memory, and the next ones are scanned all the same", async () => {
    const tip = await commit([file("big.txt", "\n".repeat(20_000_000)), file("next.ts", one.text)]);
    expect(await scan(tip, [], { ...scanLimits, memoryMb: 64 })).toMatchObject({
      findings: [
        { path: "big.txt", rule: "unscannable", why: "the scanner ended on it" },
        { path: "next.ts", rule: "github" },
      ],
    });
  });

  it("files that there was no time for", async () => {
    const outcome = await scan(await commit([file("x", "x")]), [], { ...scanLimits, totalMs: 0 });
    const unscannable = { rule: "unscannable", why: "the time for all files was over" };
    expect(outcome).toMatchObject({ kind: "found", findings: [unscannable, unscannable, unscannable] });
  });

  it("a file whose content is not to be read", async () => {
    const tip = await commit([file("big.txt", "to be lost\n")]);
    const oid = git(repository.gitDir, ["rev-parse", `${tip}:big.txt`]).trim();
    rmSync(join(repository.gitDir, "objects", oid.slice(0, 2), oid.slice(2)));
    await expectUnscannable(tip, {}, /cannot be read/);
  });

  it("a content that makes the scanner throw, whose words are not passed on", async () => {
    const scanner = openScanner(scanLimits, null as never);
    const answer = await scanner.scan(Buffer.from(one.text));
    await scanner.close();
    expect(answer).toEqual({ kind: "unscannable", why: "the scanner failed on it" });
  });
});

describe("people and agents are told", () => {
  const finding = (path: string, line = 7) => ({
    path,
    line,
    rule: "github",
    fingerprint: "0123456789abcdef",
    hint: "ghp_",
  });

  it("five places at most, in no more characters than a failure keeps, and what to do", () => {
    const message = summarizeFindings(Array.from({ length: 9 }, (_, n) => finding(`a${n}`)));
    expect(message).toMatch(/^Not pushed, the secret scan found: a0:7 github 0123456789abcdef; /);
    expect(message).toMatch(/; \d more in the log\. .*drover\.yaml/);
    expect(message.length).toBeLessThanOrEqual(300);
    const long = summarizeFindings(Array.from({ length: 3 }, (_, n) => finding(`${"deep/".repeat(100)}${n}.ts`)));
    expect(long.length).toBeLessThanOrEqual(300);
    expect(long).toContain("…");
    expect(long).toContain("/0.ts:7 github");
  });

  it("every place, to an agent that can mend it, with how the value begins", () => {
    const text = explainToAgent([
      finding("a.ts"),
      { ...finding("b.bin"), rule: "unscannable", hint: "", why: "it is too large" },
    ]);
    expect(text).toContain('- a.ts:7 github 0123456789abcdef, begins with "ghp_"');
    expect(text).toContain("- b.bin:7 unscannable (it is too large) 0123456789abcdef\n");
    expect(text).toMatch(/secrets\.allow in drover\.yaml on the base branch/);
    const many = explainToAgent(Array.from({ length: 80 }, (_, n) => finding(`a${n}.ts`)));
    expect(many).toContain("- a49.ts:7 github");
    expect(many).not.toContain("a50.ts");
    expect(many).toContain("- and 30 more\n");
    expect(describeFinding({ ...finding("a"), line: undefined as never })).toBe("a github 0123456789abcdef");
  });
});
