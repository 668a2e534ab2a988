// What has a person said to the agent of a task? It hears it before its next turn.

export interface Message {
  /** From 1. */
  number: number;
  at: number;
  by: string;
  text: string;
}
