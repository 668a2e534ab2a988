// Did a service fail us, or do we fail ourselves? The first passes by itself, the second does not.

/** Errors of the SDK, its own and the network's: they carry what the SDK knows of the request. */
export const isServiceFailure = (error: unknown): boolean =>
  error instanceof Error &&
  ("$metadata" in error || "$fault" in error || /^E[A-Z]+$/.test(String((error as { code?: unknown }).code)));
