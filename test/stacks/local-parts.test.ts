import { expect, it, vi } from "vitest";
import { gatherParts } from "../../stacks/local-parts.ts";

it("what was started ends once, the last first, and one that cannot be ended does not keep the others open", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const ended: string[] = [];
  const parts = gatherParts();
  const part = { name: "table", close: async () => void ended.push("table") };
  expect(parts.started(part)).toBe(part);
  parts.started({ close: () => Promise.reject(new Error("it hangs")) });
  parts.atEnd(async () => ended.push("trigger"));
  await parts.closeAll();
  await parts.closeAll();
  expect([ended, said.mock.calls.length]).toEqual([["trigger", "table"], 1]);
});
