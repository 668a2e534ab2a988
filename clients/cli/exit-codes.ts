// What does the exit code of `drover` say?

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  killed: 3,
  refused: 4,
  unreachable: 5,
  broken: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeHelp = `Exit codes:
  0    done; of a task: it completed
  1    the task failed; or verify or doctor found something
  2    the command line is not right
  3    the task was killed or cancelled
  4    drover refused, and says why
  5    no address or key is known, or nobody answers there
  70   the command line itself is broken
  130  Ctrl-C; a task goes on`;

/** Ends the command with one line for people, which says what to do next. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = exitCodes.usage) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}
