// How many tasks does a workspace have, and how is one more admitted while nobody else is?

export interface TaskCounts {
  /** Queued or live. */
  active: number;
  completed: number;
  failed: number;
  killed: number;
  /** How many were created so far with a gate; a creation that is given this one is refused (`crowded`) when another has passed since. */
  gate: number;
}
