// What is a mutant? Production, or the cloud that the simulation gives it, with one safeguard or two taken out.

export interface Edit {
  /** From the root of the repository. */
  file: string;
  /** Stands there exactly once. */
  find: string;
  replace: string;
}

export interface Mutant {
  name: string;
  edits: readonly Edit[];
}

export const mutant = (name: string, ...edits: Edit[]): Mutant => ({ name, edits });
export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
