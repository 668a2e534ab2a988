// How long may an index lag behind the table?

/** By then it shows what was written before; most often much sooner. */
export const indexLagMs = 2_000;
