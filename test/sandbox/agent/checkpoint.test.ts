import { existsSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cloneRepository } from "../../../functions/git/clone.ts";
import { readFiles } from "../../../functions/git/list-tree.ts";
import {
  maxCheckpointBytes,
  readCheckpoint,
  restoreCheckpoint,
  takeCheckpoint,
  wordResume,
} from "../../../functions/sandbox/agent/checkpoint.ts";
import { auth, commitAndPush, makeOrigin, makeTempDir, startForge, writeFiles } from "../../git/native-git.ts";
import { collectRun, startRunner } from "../harness.ts";

const root = makeTempDir();
const recap = { summary: "Half of it is done.", notes: "1. tax\n2. tests", unresolved: [] };
let count = 0;

/** A repository of its own, and sandboxes with a clone of what stands there now. */
async function openShop() {
  count += 1;
  const name = `shop-${count}`;
  const origin = makeOrigin(root, name, {
    "tax.js": "0.19\n",
    "old.js": "old\n",
    "bin/run": "#!/bin/sh\n",
    "shared.js": "1\n",
  });
  const forge = await startForge(root);
  async function openSandbox() {
    count += 1;
    const repository = await cloneRepository({
      dir: join(root, `clone-${count}`),
      url: `${forge.url}/${name}`,
      auth,
      branch: "main",
    });
    const { sandbox, workspace, root: disk } = await startRunner();
    await sandbox.unpack(readFiles(repository, repository.baseCommit));
    const sh = (script: string) => collectRun(sandbox, ["sh", "-ec", script]);
    return { repository, sandbox, workspace, disk, sh };
  }
  return { origin, openSandbox };
}

const changes = `
printf '0.2\\n' > tax.js; rm old.js; chmod +x bin/run; ln -s tax.js link.js
mkdir -p new/dir; printf '\\377\\000binary' > new/dir/blob; printf '2\\n' > shared.js`;

describe("a checkpoint", () => {
  it("brings the work back when the sandbox and its disk are gone", async () => {
    const { openSandbox } = await openShop();
    const first = await openSandbox();
    await first.sh(changes);
    const bytes = await takeCheckpoint(first.sandbox, first.repository, recap);
    first.sandbox.close();
    rmSync(first.disk, { recursive: true });
    rmSync(first.repository.gitDir, { recursive: true });

    const second = await openSandbox();
    const checkpoint = readCheckpoint(Buffer.from(bytes.toString()));
    if (!checkpoint) throw new Error("unreadable");
    const restored = await restoreCheckpoint(second.sandbox, second.repository, checkpoint);
    expect(restored.overtaken).toEqual([]);
    expect(restored.paths).toEqual(["bin/run", "link.js", "new/dir/blob", "old.js", "shared.js", "tax.js"]);
    const at = (path: string) => join(second.workspace, path);
    expect(readFileSync(at("tax.js"), "utf8")).toBe("0.2\n");
    expect(readFileSync(at("new/dir/blob"), "latin1")).toBe("\xff\0binary");
    expect(statSync(at("bin/run")).mode & 0o111).not.toBe(0);
    expect(readlinkSync(at("link.js"))).toBe("tax.js");
    expect(existsSync(at("old.js"))).toBe(false);
    const words = wordResume(checkpoint, restored);
    expect(words).toMatch(/Half of it is done\.[\s\S]*2\. tests[\s\S]*back in place: bin\/run, link\.js/);
  });

  it("does not undo what others have changed meanwhile, and shows the agent its own version", async () => {
    const { origin, openSandbox } = await openShop();
    const first = await openSandbox();
    await first.sh(changes);
    const checkpoint = readCheckpoint(await takeCheckpoint(first.sandbox, first.repository, recap));
    if (!checkpoint) throw new Error("unreadable");
    writeFiles(origin.work, { "shared.js": "theirs\n", "old.js": "theirs, too\n" });
    commitAndPush(origin, "Meanwhile");

    const second = await openSandbox();
    const restored = await restoreCheckpoint(second.sandbox, second.repository, checkpoint);
    expect(restored.overtaken.map(({ path }) => path)).toEqual(["shared.js"]);
    expect(readFileSync(join(second.workspace, "shared.js"), "utf8")).toBe("theirs\n");
    expect(readFileSync(join(second.workspace, "old.js"), "utf8")).toBe("theirs, too\n");
    expect(readFileSync(join(second.workspace, "tax.js"), "utf8")).toBe("0.2\n");
    expect(wordResume(checkpoint, restored)).toMatch(/Your version of shared\.js was:\n2\n/);
  });

  it("puts a file where a directory was, and a directory where a file was, but never over what others have put there", async () => {
    const { origin, openSandbox } = await openShop();
    writeFiles(origin.work, { "config/index.js": "1\n", flat: "1\n" });
    commitAndPush(origin, "More");
    const first = await openSandbox();
    await first.sh(
      "rm -r config flat; echo file > config; mkdir flat; echo in > flat/a; mkdir later; echo in > later/a",
    );
    const conflict = { path: "flat", kind: "type", also: ["x"], markers: [["<", "=", ">"]], aside: "flat~" } as const;
    const unresolved = [{ ...conflict, also: [...conflict.also], markers: [...conflict.markers] }];
    const bytes = await takeCheckpoint(first.sandbox, first.repository, { ...recap, unresolved });
    const checkpoint = readCheckpoint(bytes);
    if (!checkpoint) throw new Error("unreadable");
    expect(checkpoint.unresolved).toEqual(unresolved);

    const second = await openSandbox();
    const at = (path: string) => readFileSync(join(second.workspace, path), "utf8");
    expect(await restoreCheckpoint(second.sandbox, second.repository, checkpoint)).toMatchObject({ overtaken: [] });
    expect([at("config"), at("flat/a"), at("later/a")]).toEqual(["file\n", "in\n", "in\n"]);

    writeFiles(origin.work, { "config/new.js": "theirs\n", later: "theirs\n" });
    commitAndPush(origin, "Meanwhile");
    const third = await openSandbox();
    const restored = await restoreCheckpoint(third.sandbox, third.repository, checkpoint);
    expect(restored.overtaken.map(({ path }) => path).sort()).toEqual(["config", "later/a"]);
    expect(readFileSync(join(third.workspace, "config/new.js"), "utf8")).toBe("theirs\n");
    expect(readFileSync(join(third.workspace, "later"), "utf8")).toBe("theirs\n");
  });

  it("keeps within its size, the small files first, and says what it has lost", async () => {
    const { openSandbox } = await openShop();
    const { repository, sandbox, sh } = await openSandbox();
    await sh(
      "echo small > a-small; head -c 2000000 /dev/urandom > huge; for i in 0 1 2 3 4 5 6 7 8 9; do head -c 900000 /dev/urandom > big$i; done",
    );
    const bytes = await takeCheckpoint(sandbox, repository, { ...recap, summary: "s".repeat(100_000) });
    expect(bytes.length).toBeLessThan(maxCheckpointBytes);
    const checkpoint = readCheckpoint(bytes);
    expect(checkpoint?.files.map(({ path }) => path)).toContain("a-small");
    expect(checkpoint?.leftOut).toContain("huge");
    expect((checkpoint?.files.length ?? 0) + (checkpoint?.leftOut.length ?? 0)).toBe(12);
    expect(wordResume(checkpoint as NonNullable<typeof checkpoint>, { paths: [], overtaken: [] })).toMatch(
      /so lost: .*huge/,
    );
  });

  it.each([
    ["no JSON", "{"],
    ["another version", JSON.stringify({ version: 1 })],
    [
      "a path that leads out",
      JSON.stringify({
        version: 2,
        summary: "",
        notes: "",
        deleted: [],
        leftOut: [],
        unresolved: [],
        files: [{ path: "../x", mode: "100644", base64: "" }],
      }),
    ],
    [
      "a path into .git",
      JSON.stringify({
        version: 2,
        summary: "",
        notes: "",
        deleted: [{ path: ".git/config", baseOid: "0".repeat(40) }],
        leftOut: [],
        unresolved: [],
        files: [],
      }),
    ],
  ])("with %s in it is not read", (_, content) => {
    expect(readCheckpoint(Buffer.from(content))).toBeUndefined();
  });
});
