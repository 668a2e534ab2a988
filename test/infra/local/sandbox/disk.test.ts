// Do the disks of sandboxes lie where a container can reach them and nobody else can?
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareDisk, sandboxBase } from "../../../../infra/local/sandbox/disk.ts";
import { containerGid } from "../../../../infra/local/sandbox/ordinary-user.ts";
import { isRoot, makeDirectory } from "./support.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("the base of sandboxes", () => {
  it("lies in the data directory where containers can get there, closed to everyone else", () => {
    const data = makeDirectory();
    const base = sandboxBase(data);
    expect(base).toBe(join(data, "sandboxes"));
    expect(modeOf(base)).toBe(isRoot ? 0o710 : 0o700);
    if (isRoot) expect(statSync(base)).toMatchObject({ uid: 0, gid: containerGid });
    expect(sandboxBase(data)).toBe(base);
  });

  it.skipIf(!isRoot)("can be reached when the data directory is made for it", async () => {
    const root = join(sandboxBase(join(makeDirectory(), "not/there/yet")), "tasks/one");
    await expect(prepareDisk({ root }, "workspace", { uid: 712_345 })).resolves.toEqual({
      workspace: join(root, "workspace"),
    });
  });

  it.skipIf(!isRoot)(
    "lies elsewhere, always at the same place, for a root whose data directory lets nobody through",
    async () => {
      const closed = makeDirectory();
      const data = join(closed, "data");
      mkdirSync(data);
      chmodSync(closed, 0o700);
      const base = sandboxBase(data);
      expect(base).toMatch(/^\/var\/lib\/drover\/[0-9a-f]{16}$/);
      expect(statSync(base)).toMatchObject({ uid: 0, gid: containerGid });
      expect(modeOf(base)).toBe(0o710);
      expect(sandboxBase(data)).toBe(base);
      await rm(base, { recursive: true });
    },
  );
});

describe("the disk of a task", () => {
  it("has one directory that the container owns", async () => {
    const root = join(sandboxBase(makeDirectory()), "tasks/one");
    const uid = isRoot ? 712_345 : undefined;
    const { workspace } = await prepareDisk({ root }, "workspace", { uid });
    expect(workspace).toBe(join(root, "workspace"));
    expect(modeOf(workspace)).toBe(0o700);
    expect(statSync(workspace).uid).toBe(uid ?? process.getuid?.());
    expect(modeOf(root)).toBe(isRoot ? 0o710 : 0o700);
    expect(await prepareDisk({ root }, "gates", { uid })).toEqual({ workspace: join(root, "workspace-gates") });
  });

  it.skipIf(!isRoot)("says which directory is in the way", async () => {
    const closed = makeDirectory();
    chmodSync(closed, 0o700);
    await expect(prepareDisk({ root: join(closed, "task") }, "workspace", { uid: 712_345 })).rejects.toThrow(
      `because of ${closed}`,
    );
  });
});
