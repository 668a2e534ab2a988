// Whose is an idempotency key? Those of callers stand apart from drover's own, for retries, schedules and queues.

const callers = "api:";

/** Nobody who chooses a key can use up one of drover's own. */
export const callersKey = (key: string | undefined) => (key === undefined ? undefined : `${callers}${key}`);

/** As its caller knows it. */
export const shownKey = (key: string) => (key.startsWith(callers) ? key.slice(callers.length) : key);
