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

/** A safeguard that has moved must be found again by a person, not passed over. */
export function applyEdit(source: string, { file, find, replace }: Edit): string {
  if (source.split(find).length !== 2) throw new Error(`${file} has "${find}" not exactly once`);
  return source.replace(find, () => replace);
}
