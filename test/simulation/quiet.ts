// Who reads what the flows log in a simulation? Nobody: the timeline tells it. And nobody reads their stack traces.

/** The flows warn of each fault that they survive, hundreds of times a second. Answers how to undo it. */
export function quiet(): () => void {
  const { warn, error } = console;
  const { stackTraceLimit } = Error;
  console.warn = () => undefined;
  console.error = () => undefined;
  // A stack trace costs more than the call that failed.
  Error.stackTraceLimit = 0;
  return () => {
    Object.assign(console, { warn, error });
    Error.stackTraceLimit = stackTraceLimit;
  };
}
