// May one more call pass now?
export interface Rate {
  burst: number;
  perSecond: number;
}

export interface Bucket {
  /** Takes all of `count` or nothing. */
  take(count: number): boolean;
}

export function createBucket(rate: Rate, now: () => number): Bucket {
  let tokens = rate.burst;
  let filledAt = now();
  return {
    take(count) {
      const at = now();
      // A clock set back must not drain the bucket.
      tokens = Math.min(rate.burst, tokens + (Math.max(0, at - filledAt) / 1000) * rate.perSecond);
      filledAt = at;
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
  };
}
