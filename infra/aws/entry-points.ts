// Which functions are there on AWS, from which files, and how big? Read by the stack, by what bundles them, and by what counts costs.

interface EntryPoint {
  /** It exports `handler`. */
  file: string;
  /** The CPU comes with it: 1,769 MB are one. */
  memoryMb: number;
  timeoutSeconds: number;
  /** Its answers are sent piece by piece. */
  streams?: true;
}

export const entryPoints = {
  api: { file: "functions/api.ts", memoryMb: 512, timeoutSeconds: 30 },
  // Above the time of a stream, and of the longest export.
  stream: { file: "functions/stream.ts", memoryMb: 256, timeoutSeconds: 600, streams: true },
  // A stop of everything goes on for ten seconds in its request.
  kill: { file: "functions/kill.ts", memoryMb: 512, timeoutSeconds: 30 },
  dispatcher: { file: "functions/dispatcher.ts", memoryMb: 256, timeoutSeconds: 60 },
  deadLetter: { file: "functions/dead-letter.ts", memoryMb: 256, timeoutSeconds: 60 },
  reaper: { file: "functions/reaper.ts", memoryMb: 256, timeoutSeconds: 120 },
  // It holds some 2 KB of each task that is open or has changed since the last digest; nobody waits for it.
  digest: { file: "functions/digest.ts", memoryMb: 3008, timeoutSeconds: 900 },
  sandboxState: { file: "functions/sandbox-state.ts", memoryMb: 256, timeoutSeconds: 60 },
  notify: { file: "functions/notify.ts", memoryMb: 256, timeoutSeconds: 60 },
  intake: { file: "functions/intake.ts", memoryMb: 256, timeoutSeconds: 60 },
} as const satisfies Record<string, EntryPoint>;

export type FunctionName = keyof typeof entryPoints;

/**
 * As SST hands it to esbuild. The SDK goes along: the runtime's own copy is another version, and slower to load. Split,
 * so that what is imported later is a file of its own, which nobody reads before.
 */
export const bundling = { format: "esm", minify: true, sourcemap: true, splitting: true } as const;

/** As the resources of a function are called. */
export const titleOf = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
