// What is an attack on the sandbox, and when does it count?
import type { Field } from "./field.ts";

export interface Vector {
  /** What is tried; unique, and the same in docs/security.md. */
  attack: string;
  /** The safeguard that holds, and that the control does without. */
  heldBy: string;
  needs?: Need[];
  /** True when the attack has succeeded. */
  run(field: Field): Promise<boolean>;
  /** The same attack without its one safeguard, or on an unconfined scratch target: true, or this proves nothing. */
  control(field: Field): Promise<boolean>;
}

/** What a machine must have for the attack or its control. */
export type Need = "root" | "perl" | "x64" | "script" | "ip" | "git" | "old bubblewrap" | "ipv6";
