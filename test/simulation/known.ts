// Which violations does the simulation find that production has not mended yet? Each stays here until its fix is in.

/** Code of the violation → what is wrong, and the smallest right fix. */
export const knownViolations: Readonly<Record<string, string>> = {};
