// What is said in the life of a task whose branch is pushed? A user's submission, and the words of its supervisor.

const commit = "c0ffee".padEnd(40, "0");

export const requestFor = (repository: string) => ({
  repository,
  prompt: "Measured",
  agent: { kind: "command", command: ["true"] },
  maxAttempts: 1,
});

export const aBeat = (seq: number) => ({
  ...{ seq, step: "working", stepStartedAt: 1_800_000_000_000 },
  ...{ output: "a line of what was printed last\n", outputLength: 32 },
});

/** In this order; each is answered before the next. */
export const wordsOf = (taskId: string): [verb: string, body: object][] => [
  ["start", {}],
  ["beat", aBeat(1)],
  ["work-done", { commit, files: 1, additions: 1, deletions: 0 }],
  ["permit", { branch: `drover/${taskId}` }],
  ["complete", { kind: "pushed", branch: `drover/${taskId}`, commit }],
];
