// Is the conversation about to outgrow its model's window, and what is done about it?

export type ContextDecision = { kind: "go_on" } | { kind: "compact" | "rotate"; why: string };

const compactShare = 0.8;
const rotateShare = 0.95;
/** A compacted conversation aims at this share of the window: about half of what it held is gone. */
const targetShare = 0.42;
/** A compaction that frees less than this was not worth the lost cache, so the next step is a fresh conversation. */
const leastFreedShare = 0.2;

export interface ContextState {
  usedTokens: number;
  windowTokens: number;
  /** How the last compaction ended, if nothing but this conversation's own growth has come since. */
  lastCompaction?: { beforeTokens: number; afterTokens: number } | undefined;
}

export function decideContext({ usedTokens, windowTokens, lastCompaction }: ContextState): ContextDecision {
  const share = usedTokens / windowTokens;
  const filled = `${usedTokens} of ${windowTokens} tokens are in the window`;
  if (share >= rotateShare) return { kind: "rotate", why: filled };
  if (share < compactShare) return { kind: "go_on" };
  if (lastCompaction && freedShare(lastCompaction) < leastFreedShare) {
    return { kind: "rotate", why: `${filled}, and the last compaction freed too little` };
  }
  return { kind: "compact", why: filled };
}

/** How large a compacted conversation should be. */
export function compactionTarget(windowTokens: number): number {
  return Math.floor(windowTokens * targetShare);
}

export function freedShare({ beforeTokens, afterTokens }: { beforeTokens: number; afterTokens: number }): number {
  return beforeTokens === 0 ? 0 : (beforeTokens - afterTokens) / beforeTokens;
}
