// What does a log begin with that is the same in every log? The limits of the sandbox, told apart from what was printed. Pure.

const limitLine = /^\[drover\] limit of this sandbox: (.*)\n/;

export function foldLimits(log: string): { limits: string[]; rest: string } {
  const limits: string[] = [];
  let rest = log;
  for (let line = limitLine.exec(rest); line; line = limitLine.exec(rest)) {
    limits.push(line[1] ?? "");
    rest = rest.slice(line[0].length);
  }
  return { limits, rest };
}
