import { describe, expect, it } from "vitest";
import { compactionTarget, decideContext, freedShare } from "../../functions/core/context-window.ts";

describe("a conversation in its window", () => {
  it.each([
    [0, "go_on"],
    [799, "go_on"],
    [800, "compact"],
    [949, "compact"],
    [950, "rotate"],
    [1_200, "rotate"],
  ])("of %i tokens out of 1000 it is decided to %s", (usedTokens, kind) => {
    expect(decideContext({ usedTokens, windowTokens: 1_000 }).kind).toBe(kind);
  });

  it("that did not get smaller by a compaction is not compacted again, but begun anew", () => {
    const state = { usedTokens: 850, windowTokens: 1_000 };
    expect(decideContext({ ...state, lastCompaction: { beforeTokens: 1_000, afterTokens: 801 } }).kind).toBe("rotate");
    expect(decideContext({ ...state, lastCompaction: { beforeTokens: 1_000, afterTokens: 800 } }).kind).toBe("compact");
  });

  it("aims at freeing between 40 and 50 percent when it is compacted", () => {
    const freed = freedShare({ beforeTokens: 800, afterTokens: compactionTarget(1_000) });
    expect(freed).toBeGreaterThanOrEqual(0.4);
    expect(freed).toBeLessThanOrEqual(0.5);
  });
});
