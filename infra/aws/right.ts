// What may somebody do on AWS? Actions on resources, as far as conditions allow.

/** `A` is an ARN: a text, or what becomes one when the stage is deployed. */
export interface Right<A> {
  /** `deny` wins over every other right. */
  effect?: "deny";
  actions: string[];
  resources: A[];
  conditions?: { test: string; variable: string; values: (A | string)[] }[];
}
